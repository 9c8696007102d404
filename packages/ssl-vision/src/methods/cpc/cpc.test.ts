import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  pictures,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { resnet18 } from '../../encoders/resnet/resnet.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Cpc, type CpcOptions } from './cpc.js';
import { PatchwiseEncoder } from './patchwise-encoder.js';

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/cpc.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Partial<CpcOptions> & { patchSize: number; stride: number } })[] };
const key = randomKey(0);
const encoder = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const patchwise = (patchSize = 4, stride = 2) => new PatchwiseEncoder({ encoder: encoder(), patchSize, stride });
const small = { contextBlocks: 2, contextDim: 6, targetDim: 5, rows: [1, 2] } as const;
const build = (options: Partial<CpcOptions> = {}): Cpc =>
  new Cpc({ backbone: patchwise(), key, normalize: statistics, ...small, ...options });
const ctx = { ...training, values: {}, phase: 'train' };

describe('Cpc', () => {
  it.each(cases)("three updates equal those of the paper's pseudo-code", async ({ options, ...golden }) => {
    const { patchSize, stride, ...own } = options;
    await expectTraining(
      () => build({ ...own, backbone: patchwise(patchSize, stride) }),
      golden,
      (step) => batchOf(step, 1),
    );
  });

  it('predicts from rows above only', () => {
    const method = build({ directions: ['down'], rows: [2, 2] });
    const { down } = method.modules;
    const context = (x: tf.Tensor4D) => down!.context.reduce((h, block) => block.forward(h), x);
    const grid = tf.randomNormal([1, 5, 4, 8], 0, 1, 'float32', 3) as tf.Tensor4D;
    const change = tf.pad(tf.ones([1, 1, 4, 8]), [
      [0, 0],
      [2, 2],
      [0, 0],
      [0, 0],
    ]) as tf.Tensor4D;
    const moved = tf.max(tf.abs(tf.sub(context(tf.add(grid, change)), context(grid))), [0, 2, 3]).dataSync();
    // Rows above the third do not see it; those below, as far as two blocks reach, do.
    expect([...moved].map((value) => value > 1e-6)).toEqual([false, false, true, true, true]);
  });

  it('of scores that tell nothing, is the logarithm of the patches of the batch, for each row ahead', () => {
    const method = build();
    for (const direction of ['down', 'up', 'right', 'left'] as const) {
      const { target } = method.modules[direction]!;
      tf.tidy(() => target.weight.variable.assign(tf.zerosLike(target.weight.variable)));
    }
    const { views } = tensorsOf(batchOf(0, 1));
    expect(method.loss({ views }, ctx).loss.dataSync()[0]).toBeCloseTo(2 * Math.log(8 * 9), 4);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ backbone: encoder() as unknown as PatchwiseEncoder })).toThrow('a PatchwiseEncoder');
    expect(() => build({ directions: [] })).toThrow(InvalidOptionError);
    expect(() => build({ directions: ['down', 'down'] })).toThrow('different directions');
    expect(() => build({ directions: ['across' as 'down'] })).toThrow(InvalidOptionError);
    expect(() => build({ rows: [2, 1] })).toThrow('the nearest first');
    expect(() => build({ rows: [0, 1] })).toThrow(InvalidOptionError);
    expect(() => build({ scale: 0 })).toThrow(InvalidOptionError);
    const { views } = tensorsOf(batchOf(0, 1));
    expect(() => build({ rows: [1, 3] }).loss({ views }, ctx)).toThrow('more than 3 rows of patches');
    const { views: odd } = tensorsOf({ views: [pictures(0, 9)] });
    expect(() => build().loss({ views: odd }, ctx)).toThrow(ShapeError);
  });
});

describe('PatchwiseEncoder', () => {
  it('gives the features of each patch, and their mean', () => {
    const model = patchwise(4, 2);
    const images = tf.randomNormal([2, 8, 10, 3], 0, 1, 'float32', 5) as tf.Tensor4D;
    const grid = model.grid(images);
    expect(grid.shape).toEqual([2, 3, 4, 8]);
    const patch = tf.slice(images, [0, 2, 6, 0], [2, 4, 4, 3]);
    const own = tf.reshape(tf.slice(grid, [0, 1, 3, 0], [2, 1, 1, 8]), [2, 8]);
    expect(tf.max(tf.abs(tf.sub(own, model.encoder.forward(patch)))).dataSync()[0]).toBeLessThan(1e-5);
    const features = model.forward(images);
    expect(tf.max(tf.abs(tf.sub(features, tf.mean(grid, [1, 2])))).dataSync()[0]).toBeLessThan(1e-6);
  });

  it("has the encoder's own state dict, and half a patch as stride", () => {
    const own = resnet18({ key, stem: 'cifar', width: 4, norm: 'group', groups: 1 });
    const model = new PatchwiseEncoder({ encoder: own, patchSize: 8 });
    expect([...model.stateDict().keys()]).toEqual([...own.stateDict().keys()]);
    expect([model.stride, model.featureDim]).toEqual([4, 32]);
  });

  it('refuses gaps and what is no encoder', () => {
    expect(() => patchwise(4, 5)).toThrow('at most patchSize 4');
    expect(() => patchwise(0, 1)).toThrow(InvalidOptionError);
    expect(() => new PatchwiseEncoder({ encoder: {} as SmallConvEncoder, patchSize: 4 })).toThrow(InvalidOptionError);
    expect(() => patchwise().forward(tf.zeros([1, 8, 7, 3]))).toThrow('with sides of 4 and any number of strides of 2');
  });
});
