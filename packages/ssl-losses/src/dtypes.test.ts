import '@tensorflow/tfjs-backend-cpu';
import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { drawInput, everyLoss, type LossEntry, type LossInput } from '../../../test/golden/losses/every-loss.js';
import '../../../test/support/to-be-all-close.js';
import * as losses from './index.js';

/** Functions that take no tensors of a step, or check nothing by design. */
const apart = {
  host: /^(alphaReq|collapsedDimensions|covarianceSpectrum|effectiveRank|lidar|rankMe|singularValues|teacherTemperature)$/,
  parts: /^(l2Normalize|logSumExpRows|randomDirections)$/,
  /** Counts, and images as they come. */
  alsoIntegers: /^(flexMatchThresholds|patchify)$/,
};

/** The call with one input as another type. */
const run = ([inputs, call]: LossEntry, changed = -1, dtype?: 'float32' | 'int32' | 'bool'): unknown =>
  call(...(inputs.map((input, index) => drawInput(input, index, index === changed ? dtype : undefined)) as never[]));

const placesOf = (kind: LossInput['kind']): readonly (readonly [name: string, place: number])[] =>
  Object.entries(everyLoss).flatMap(([name, [inputs]]) =>
    inputs.flatMap((input, place) => (input.kind === kind ? [[name, place] as const] : [])),
  );

describe('element types', () => {
  it('of every function that the package exports', () => {
    const names = Object.entries(losses).flatMap(([name, value]) =>
      typeof value === 'function' && /^[a-z]/.test(name) && !apart.host.test(name) && !apart.parts.test(name)
        ? [name]
        : [],
    );
    expect(Object.keys(everyLoss).toSorted()).toEqual(names.toSorted());
  });

  it.each(Object.entries(everyLoss))('%s takes float32, labels as int32', (_, entry) => {
    expect(() => run(entry)).not.toThrow();
  });

  it.each(placesOf('float').filter(([name]) => !apart.alsoIntegers.test(name)))(
    '%s refuses an int32 or bool tensor as input %i',
    (name, place) => {
      for (const dtype of ['int32', 'bool'] as const) {
        expect(() => run(everyLoss[name]!, place, dtype)).toThrow(ShapeError);
        expect(() => run(everyLoss[name]!, place, dtype)).toThrow(
          new RegExp(`must be .*float32 \\[.*got ${dtype} \\[`),
        );
      }
    },
  );

  it.each(placesOf('int'))('%s refuses float32 labels as input %i', (name, place) => {
    expect(() => run(everyLoss[name]!, place, 'float32')).toThrow(ShapeError);
    expect(() => run(everyLoss[name]!, place, 'float32')).toThrow(/must be .*int32.* \[.*got float32 \[/);
  });

  it.each(placesOf('mask'))('%s takes a mask of any type as input %i', (name, place) => {
    const results = (['float32', 'int32', 'bool'] as const).map(
      (dtype) => run(everyLoss[name]!, place, dtype) as tf.Tensor,
    );
    expect(results[1]!).toBeAllClose(results[0]!);
    expect(results[2]!).toBeAllClose(results[0]!);
  });
});
