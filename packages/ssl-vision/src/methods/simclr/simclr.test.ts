import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import {
  expectDigests,
  fillFromGolden,
  gradientState,
  parameterVariables,
} from '../../../../../test/golden/vision/expect-backbone.js';
import type { Digests } from '../../../../../test/golden/vision/expect-backbone.js';
import { expectTraining, statistics, type TrainingCase } from '../../../../../test/golden/vision/expect-training.js';
import { hashArray } from '../../../../../test/golden/vision/hash-fill.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { SimClr, type SimClrOptions } from './simclr.js';

interface Golden {
  readonly cases: {
    batchNorm: 'joint' | 'perView';
    temperature: number;
    loss: number;
    featureStd: number;
    shapes: { backbone: Record<string, number[]>; head: Record<string, number[]> };
    gradients: Digests;
    buffers: Digests;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/simclr.json', import.meta.url), 'utf8'),
) as Golden;
const training3 = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/simclr-training.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Pick<SimClrOptions, 'loss' | 'batchNorm' | 'temperature'> })[] };
const key = randomKey(0);
const build = () => ({
  backbone: new SmallConvEncoder({ key, channels: [4, 8], strides: [1, 2] }),
  head: new ProjectionHead(8, { outDim: 6, key }),
});
/** Leaves the golden's inputs, which are not pixels, as they are. */
const identity = { mean: 0, std: 1 / 255 };
const view = (seed: number): tf.Tensor => tf.tensor(hashArray([6, 6, 6, 1], seed).data, [6, 6, 6, 1]);
const prefixed = (state: ReadonlyMap<string, NdArray>, prefix: string) =>
  [...state].map(([name, value]) => [`${prefix}.${name}`, value] as const);

describe('SimClr', () => {
  it.each(golden.cases)(
    'loss, gradients and statistics equal lightly: $batchNorm',
    ({ batchNorm, temperature, loss, featureStd, shapes, gradients, buffers }) => {
      const method = new SimClr({ ...build(), temperature, normalize: identity, batchNorm });
      const { backbone, head } = method.modules;
      fillFromGolden(backbone, shapes.backbone);
      fillFromGolden(head, shapes.head);
      let deviation = 0;
      const { value, grads } = tf.variableGrads(() => {
        const result = method.loss({ views: [view(2001), view(2002)] }, training);
        deviation = result.metrics!['featureStd']!.dataSync()[0]!;
        return result.loss;
      }, parameterVariables(method.trainable()));
      expect(value.dataSync()[0]).toBeCloseTo(loss, 5);
      expect(deviation).toBeCloseTo(featureStd, 5);
      expectDigests(
        new Map([...prefixed(backbone.stateDict(), 'backbone'), ...prefixed(head.stateDict(), 'head')]),
        buffers,
        1e-5,
      );
      expectDigests(
        new Map([
          ...prefixed(gradientState(backbone, grads), 'backbone'),
          ...prefixed(gradientState(head, grads), 'head'),
        ]),
        gradients,
        2e-4,
      );
    },
  );

  it.each(training3.cases)(
    'three updates equal those with lightly: $options.loss, $options.batchNorm',
    async ({ options, ...own }) => {
      const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
      const head = () => new ProjectionHead(8, { hiddenDim: 12, outDim: 6, key });
      await expectTraining(
        () => new SimClr({ backbone: backbone(), head: head(), normalize: statistics, ...options }),
        own,
      );
    },
  );

  it('names a decoupled loss in its settings, and takes two views with it', () => {
    const method = new SimClr({ ...build(), normalize: identity, loss: 'dcl' });
    expect(method.settings).toMatchObject({ loss: 'dcl' });
    expect(() => method.loss({ views: [view(1), view(2), view(3)] }, training)).toThrow(
      "SimClr: views must be two arrays with loss 'dcl', got 3",
    );
    expect(() => new SimClr({ ...build(), normalize: identity, loss: 'dlc' as 'dcl' })).toThrow(InvalidOptionError);
    // Checkpoints of before there was a choice go on.
    expect(new SimClr({ ...build(), normalize: identity }).settings).not.toHaveProperty('loss');
  });

  it('does not depend on the order of the views', () => {
    const loss = (views: readonly tf.Tensor[]): number =>
      new SimClr({ ...build(), normalize: identity }).loss({ views }, training).loss.dataSync()[0]!;
    const [a, b] = [view(1), view(2)];
    expect(loss([a, b])).toBeCloseTo(loss([b, a]), 5);
  });

  it('tells a collapse by featureStd', () => {
    const { backbone, head } = build();
    const method = new SimClr({ backbone, head, normalize: identity });
    for (const parameter of backbone.namedParameters().values())
      parameter.variable.assign(tf.zerosLike(parameter.variable));
    const collapsed = method.loss({ views: [view(1), view(2)] }, training).metrics!['featureStd']!.dataSync()[0]!;
    const healthy = new SimClr({ ...build(), normalize: identity })
      .loss({ views: [view(1), view(2)] }, training)
      .metrics!['featureStd']!.dataSync()[0]!;
    expect(collapsed).toBeLessThan(1e-3);
    expect(healthy).toBeGreaterThan(0.1);
  });

  it('names its parameters by module and builds a head of its own from a key', () => {
    const { backbone } = build();
    const method = new SimClr({ backbone, key, normalize: identity });
    expect([...method.trainable().keys()]).toEqual([
      ...[...backbone.namedParameters().keys()].map((name) => `backbone.${name}`),
      ...[...method.modules.head.namedParameters().keys()].map((name) => `head.${name}`),
    ]);
    expect(method.modules.head.outDim).toBe(128);
  });

  it('refuses what does not fit', () => {
    const parts = build();
    expect(() => new SimClr({ ...parts, normalize: identity, temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => new SimClr({ ...parts, normalize: identity, batchNorm: 'sync' as 'joint' })).toThrow(
      InvalidOptionError,
    );
    const method = new SimClr({ ...parts, normalize: identity });
    expect(() => method.loss({ views: [view(1), tf.zeros([3, 6, 6, 1])] }, training)).toThrow(ShapeError);
    expect(() => method.loss({ views: [view(1)] }, training)).toThrow(
      'two or more arrays of one shape, got [6, 6, 6, 1]',
    );
  });
});
