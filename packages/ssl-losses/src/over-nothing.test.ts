import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { draw } from '../../../test/golden/losses/cases.js';
import { drawInput, everyLoss } from '../../../test/golden/losses/every-loss.js';
import { lossAndGradients } from '../../../test/golden/losses/golden.js';
import '../../../test/support/to-be-all-close.js';
import * as losses from './index.js';

const modes = ['eager', 'compiled'] as const;
const x = draw(1, 6, 4);
const target = tf.tensor2d(draw(2, 6, 4));
const places = (rows: tf.Tensor, images: number): tf.Tensor3D => tf.reshape(rows, [images, 6 / images, 4]);
/** Of as many samples as `counts` has numbers, so many places. */
const masks = (counts: readonly number[]): tf.Tensor2D =>
  tf.tensor2d(
    counts.map((count) => Array.from({ length: 6 / counts.length }, (_, place) => Number(place < count))),
    [counts.length, 6 / counts.length],
  );
type Kind = 'mean' | 'sum' | 'none';
type Loss = (rows: tf.Tensor2D, counts: readonly number[], reduction: Kind) => tf.Tensor;
const sum = (loss: tf.Tensor): tf.Scalar => tf.sum(loss);

/** Losses over the places of a mask, with as many places as `counts` says. */
const masked: Readonly<Record<string, Loss>> = {
  maskedPatchMSE: (rows, counts, reduction) =>
    losses.maskedPatchMSE(places(rows, counts.length), places(target, counts.length), masks(counts), { reduction }),
  maskedL1: (rows, counts, reduction) => {
    const images = (y: tf.Tensor): tf.Tensor4D => tf.reshape(y, [counts.length, 6 / counts.length, 4, 1]);
    const mask = tf.tile(tf.expandDims(masks(counts), 2), [1, 1, 4]) as tf.Tensor3D;
    return losses.maskedL1(images(rows), images(target), mask, { reduction });
  },
  visualTokenCrossEntropy: (rows, counts, reduction) =>
    losses.visualTokenCrossEntropy(
      places(rows, counts.length),
      tf.zeros([counts.length, 6 / counts.length], 'int32'),
      masks(counts),
      { reduction },
    ),
  replacedTokenDetection: (rows, counts, reduction) =>
    losses.replacedTokenDetection(
      tf.reshape(tf.slice(rows, [0, 0], [6, 1]), [counts.length, 6 / counts.length]),
      tf.zeros([counts.length, 6 / counts.length]),
      { tokenMask: masks(counts), reduction },
    ),
};

const numbers = (values: tf.Tensor): number[] => [...values.dataSync()];
const run = (mode: 'eager' | 'compiled', loss: (rows: tf.Tensor2D) => tf.Tensor) =>
  lossAndGradients(mode, (rows) => loss(rows!) as tf.Scalar, [tf.tensor2d(x)]);
const isNothing = ([value, gradient]: tf.Tensor[]): boolean =>
  Number.isNaN(numbers(value!)[0]) && numbers(gradient!).some(Number.isNaN);

describe.each(modes)('a loss over nothing, %s', (mode) => {
  it.each(Object.entries(masked))('%s of an empty mask is NaN, with its gradient', async (_, loss) => {
    for (const reduction of ['mean', 'sum'] as const) {
      expect(isNothing(await run(mode, (rows) => loss(rows, [0, 0], reduction)))).toBe(true);
      const [value, gradient] = await run(mode, (rows) => loss(rows, [0, 2], reduction));
      expect([...numbers(value!), ...numbers(gradient!)].every(Number.isFinite)).toBe(true);
      expect(numbers(value!)[0]).toBeGreaterThan(0);
    }
  });

  it.each(Object.entries(masked))('%s marks the sample that has none', async (_, loss) => {
    const [values] = await run(mode, (rows) => sum(tf.cast(tf.isNaN(loss(rows, [0, 2], 'none')), 'float32')));
    expect(values!).toBeAllClose(1);
    // And the others' numbers are their own.
    const [own] = await run(mode, (rows) => sum(tf.slice(loss(rows, [0, 2], 'none'), 1)));
    expect(own!).toBeAllClose(numbers(sum(loss(tf.tensor2d(x), [0, 2], 'mean')))[0]!, { rtol: 1e-5 });
  });

  it('of tokens whose weights are all 0', async () => {
    const labels = tf.tensor1d([0, 1, 2, 3, 0, 1], 'int32');
    for (const reduction of ['mean', 'sum'] as const)
      expect(
        isNothing(
          await run(mode, (rows) =>
            losses.maskedTokenCrossEntropy(rows, labels, { weights: tf.zeros([6]), reduction }),
          ),
        ),
      ).toBe(true);
  });

  it('of targets that are all 0', async () => {
    const some = tf.tensor2d([[0, 0, 0, 0], ...draw(3, 5, 4).map((row) => row.map(Math.abs))]);
    for (const labelSmoothing of [0, 0.2]) {
      expect(
        isNothing(await run(mode, (rows) => losses.softTargetCrossEntropy(rows, tf.zeros([6, 4]), { labelSmoothing }))),
      ).toBe(true);
      const [value, gradient] = await run(mode, (rows) =>
        losses.softTargetCrossEntropy(rows, some, { labelSmoothing }),
      );
      const rest = losses.softTargetCrossEntropy(tf.tensor2d(x.slice(1)), tf.slice(some, [1, 0]), { labelSmoothing });
      expect(value!).toBeAllClose(numbers(rest)[0]!);
      expect(tf.slice(gradient!, [0, 0], [1, 4])).toBeAllClose([[0, 0, 0, 0]]);
    }
  });

  it('of iBOT without a masked patch', async () => {
    const ibot = (count: number) => (rows: tf.Tensor2D) => losses.ibot(target, rows, masks([count, 0, 0]), 'sinkhorn');
    expect(isNothing(await run(mode, ibot(0)))).toBe(true);
    expect(isNothing(await run(mode, ibot(2)))).toBe(false);
    const plus = (count: number, visibleLossWeight: number) => (rows: tf.Tensor2D) =>
      losses.ibotPlusPlus(places(target, 2), places(rows, 2), 'sinkhorn', {
        mask: masks([count, count]),
        visibleLossWeight,
      });
    expect(isNothing(await run(mode, plus(0, 0)))).toBe(true);
    for (const [count, weight] of [
      [0, 1],
      [1, 0],
      [3, 1],
    ] as const)
      expect(isNothing(await run(mode, plus(count, weight)))).toBe(false);
  });

  it('of windows without words', async () => {
    const cbow = (counts: readonly number[], reduction: 'mean' | 'sum' | 'none') => (rows: tf.Tensor2D) => {
      const negatives = tf.reshape(target, [2, 3, 4]) as tf.Tensor3D;
      const outputs = tf.slice(target, [0, 0], [2, 4]);
      return losses.cbow(places(rows, 2), outputs, negatives, { mask: masks(counts), reduction });
    };
    for (const reduction of ['mean', 'sum'] as const)
      expect(isNothing(await run(mode, cbow([0, 0], reduction)))).toBe(true);
    expect(isNothing(await run(mode, cbow([0, 2], 'mean')))).toBe(false);
  });
});

/** Not of a batch. */
const apart = /^(normalizePrototypes|patchify)$/;
it.each(Object.entries(everyLoss).filter(([name]) => !apart.test(name)))(
  '%s of no rows is refused',
  (_, [inputs, call]) => {
    const none = inputs.map((input, index) => drawInput({ ...input, shape: [0, ...input.shape.slice(1)] }, index));
    expect(() => call(...(none as never[]))).toThrow(ShapeError);
  },
);

it('of no samples is refused in any reduction, as are sets of nothing to compare with', () => {
  const [none, labels] = [tf.zeros([0, 4]) as tf.Tensor2D, tf.zeros([0], 'int32') as tf.Tensor1D];
  const rows = tf.tensor2d(x);
  for (const loss of [
    () => losses.softmaxCrossEntropy(none, labels, { reduction: 'none' }),
    () => losses.maskedTokenCrossEntropy(none, labels, { reduction: 'sum' }),
    () => losses.seedDistillation(rows, rows, none),
    () => losses.co2(rows, rows, { negatives: none }),
  ])
    expect(loss).toThrow(ShapeError);
  expect(() => losses.softmaxCrossEntropy(none, labels)).toThrow(
    'softmaxCrossEntropy: logits must be one row or more, got float32 [0, 4]',
  );
});

it('stays 0 where the definition says so: fixMatch without a confident sample', async () => {
  for (const mode of modes) {
    const [value, gradient] = await run(mode, (rows) => losses.fixMatch(tf.zeros([6, 4]), rows));
    expect(value!).toBeAllClose(0);
    expect(gradient!).toBeAllClose(tf.zeros([6, 4]));
  }
});
