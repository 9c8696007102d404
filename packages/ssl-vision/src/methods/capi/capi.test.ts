import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectSteps, type StepsCase, stepsStatistics } from '../../../../../test/golden/vision/expect-steps.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { CapiPredictor } from './capi-predictor.js';
import { Capi, type CapiOptions } from './capi.js';
import { hiddenPlaces, inverseBlocks } from './inverse-blocks.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/capi.json', import.meta.url), 'utf8'),
) as {
  options: { imageSize: number; patchSize: number; inChannels: number; dim: number; depth: number; heads: number };
  predictor: { dim: number; depth: number; heads: number };
  clusters: number;
  momentum: number;
  masks: number[][];
  case: StepsCase;
};
const key = randomKey(0);
const { predictor, clusters, momentum } = golden;
const build = (options: Partial<CapiOptions> = {}): Capi =>
  new Capi({
    backbone: new VisionTransformer({ ...golden.options, key }),
    key,
    normalize: stepsStatistics,
    predictor,
    clusters,
    momentum,
    maskRatio: 0.6,
    predictedShare: 1,
    ...options,
  });
const ctx = (seed = 1) => ({ ...training, key: tf.tensor1d([seed, 5], 'int32') });
const views = (images = 6): tf.Tensor[] => [
  tf.cast(tf.randomUniform([images, 12, 12, 1], 0, 256, 'float32', 3), 'int32'),
];
const lossOf = (method: Capi, batch: { views: tf.Tensor[]; masks?: tf.Tensor }, seed = 1): number =>
  method.loss(batch, ctx(seed)).loss.dataSync()[0]!;

describe('Capi', () => {
  it("three steps equal the authors' arithmetic", async () => {
    await expectSteps(() => build(), golden.case, {
      twins: { teacher: 'backbone' },
      masks: (step) => ({ data: Uint8Array.from(golden.masks[step]!), shape: [6, 9] }),
    });
  });

  it('trains clusters by their own loss alone, and lets no gradient into the teacher', () => {
    const method = build();
    const { backbone, teacher, clusters: own, head } = method.modules;
    const all = [backbone, teacher, own, head].flatMap((module) => [...module.namedParameters().values()]);
    const sizes = (part: 'predictionLoss' | 'clusterLoss'): number[] => {
      const variables = all.map(({ variable }) => variable);
      const { grads } = tf.variableGrads(
        () => method.loss({ views: views() }, ctx()).metrics![part] as tf.Scalar,
        variables,
      );
      const size = (module: typeof teacher | typeof own | typeof head): number =>
        Math.max(
          ...[...module.namedParameters().values()].map(({ variable: { name } }) =>
            name in grads ? tf.max(tf.abs(grads[name]!)).dataSync()[0]! : 0,
          ),
        );
      return [backbone, head, own, teacher].map(size);
    };
    const [encoder, top, none, never] = sizes('predictionLoss') as [number, number, number, number];
    expect(Math.min(encoder, top)).toBeGreaterThan(0);
    expect([none, never]).toEqual([0, 0]);
    const [still, idle, clustered, stays] = sizes('clusterLoss') as [number, number, number, number];
    expect(clustered).toBeGreaterThan(0);
    expect([still, idle, stays]).toEqual([0, 0, 0]);
    expect(method.parameterGroups().map(({ learningRateScale }) => learningRateScale)).toEqual([undefined, 0.5]);
  });

  it('draws masks from the key of the step', () => {
    const method = build({ predictedShare: 0.5 });
    expect(lossOf(method, { views: views() })).toBe(lossOf(method, { views: views() }));
    expect(lossOf(method, { views: views() }, 2)).not.toBe(lossOf(method, { views: views() }));
    expect(() => method.loss({ views: views() }, training)).toThrow(InvalidOptionError);
  });

  it("moves its teacher as the paper's: from 1 to the momentum in a tenth of the run, and back", () => {
    const [pair] = build({ momentum: 0.9 }).emaPairs({ totalSteps: 100, stepsPerEpoch: 10 });
    const at = pair!.momentum as (step: number) => number;
    expect(at(0)).toBe(1);
    expect(at(9)).toBeCloseTo(0.9, 9);
    expect(at(10)).toBeCloseTo(0.9, 9);
    expect(at(99)).toBeGreaterThan(0.98);
    expect(at(99)).toBeLessThan(0.995);
  });

  it('refuses what does not fit', () => {
    const conv = new SmallConvEncoder({ key }) as never;
    expect(() => build({ backbone: conv })).toThrow('a VisionTransformer');
    expect(() => build({ maskRatio: 0.05 })).toThrow('a share that hides some of 9 patches');
    expect(() => build({ maskRatio: 1 })).toThrow(InvalidOptionError);
    expect(() => build({ clusters: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ predictor: { dim: 8, depth: 1, heads: 3 } })).toThrow('a divisor of dim (8)');
    expect(() => build({ predictor: { dim: 6, depth: 1, heads: 3 } })).toThrow('a multiple of 4');
    expect(() => lossOf(build(), { views: views(1) })).toThrow('of 2 images a batch or more');
    expect(() => lossOf(build(), { views: [tf.zeros([4, 14, 12, 1], 'int32')] })).toThrow(ShapeError);
    expect(() => lossOf(build(), { views: [...views(), tf.zeros([6, 8, 8, 1], 'int32')] })).toThrow(ShapeError);
    const masks = (ones: number): tf.Tensor =>
      tf.tensor2d(
        Array.from({ length: 54 }, (_, at) => (at % 9 < ones ? 1 : 0)),
        [6, 9],
        'int32',
      );
    expect(lossOf(build(), { views: views(), masks: masks(5) })).toBeGreaterThan(0);
    expect(lossOf(build(), { views: views(), masks: masks(4) })).toBeNaN();
    expect(() => lossOf(build(), { views: views(), masks: tf.zeros([6, 4], 'int32') })).toThrow('batch.masks');
    const given = (data: number[]) => ({ views: [], masks: { data: Uint8Array.from(data), shape: [1, 9] } });
    expect(() => build().checkBatch(given([1, 1, 1, 1, 1, 0, 0, 0, 0]))).not.toThrow();
    expect(() => build().checkBatch(given([1, 1, 1, 1, 0, 0, 0, 0, 0]))).toThrow(
      'of 5 masked patches for each image, as maskRatio has it, got 4. Mask 5 patches of each image',
    );
    expect(() => build().checkBatch(given([2, 1, 1, 1, 0, 0, 0, 0, 0]))).toThrow('0 or 1 for each patch, got 2');
  });
});

describe('inverse blocks', () => {
  const grid = [5, 6] as const;
  const draw = (seed: number): number[][] =>
    inverseBlocks(tf.tensor1d([seed, 1], 'int32'), 16, 9, grid).arraySync() as number[][];

  it('show as many patches of every image, and every place as often', () => {
    const shown = Array<number>(30).fill(0);
    for (let seed = 0; seed < 60; seed++)
      for (const mask of draw(seed)) {
        expect(mask.filter((hidden) => hidden === 0)).toHaveLength(9);
        mask.forEach((hidden, at) => (shown[at]! += 1 - hidden));
      }
    const mean = (60 * 16 * 9) / 30;
    for (const count of shown) expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean));
  });

  it('show patches that touch, round the borders', () => {
    // Of the neighbours of a shown patch more are shown than of any.
    let [near, all] = [0, 0];
    for (const mask of draw(1))
      mask.forEach((hidden, at) => {
        if (hidden === 1) return;
        const [row, column] = [Math.floor(at / 6), at % 6];
        near += 1 - mask[6 * ((row + 1) % 5) + column]!;
        near += 1 - mask[6 * row + ((column + 1) % 6)]!;
        all += 2;
      });
    expect(near / all).toBeGreaterThan(0.5);
  });

  it('are told apart by places', () => {
    const hidden = tf.tensor2d([[0, 1, 1, 0, 1, 0]]);
    const { kept, predicted } = hiddenPlaces(hidden, { kept: 3, predicted: 2 }, tf.tensor1d([1, 2], 'int32'));
    expect([...kept.dataSync()]).toEqual([0, 3, 5]);
    const found = [...predicted.dataSync()];
    expect(new Set(found).size).toBe(2);
    expect(found.every((at) => [1, 2, 4].includes(at))).toBe(true);
  });
});

it('a CapiPredictor predicts each place as if it were alone', () => {
  const own = new CapiPredictor({ key, encoderDim: 12, grid: [3, 3], ...predictor });
  const seen = tf.randomNormal<tf.Rank.R3>([2, 4, 12], 0, 1, 'float32', 7);
  const kept = tf.tensor2d([0, 4, 8, 1, 2, 3], [2, 3], 'int32');
  const told = (places: number[][]): number[] => [
    ...own.forward(seen, { kept, predicted: tf.tensor2d(places, undefined, 'int32') }).dataSync(),
  ];
  const both = told([
    [1, 2],
    [5, 7],
  ]);
  told([[1], [5]]).forEach((value, at) => expect(value).toBeCloseTo(both[at < 8 ? at : at + 8]!, 5));
});
