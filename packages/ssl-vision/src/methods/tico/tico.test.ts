import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, keyArray, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  gradientSize,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { TiCo, tiCoDefaults, type TiCoOptions } from './tico.js';

type Own = Omit<TiCoOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/tico.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): TiCo =>
  new TiCo({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };

describe('TiCo', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('moves its covariance once, by the rows of all batches, and no gradient enters the twin', () => {
    const method = build({ beta: 0.75 });
    const { covariance } = method.state.moments.buffers;
    const { carried } = method.loss(tensorsOf(batchOf(0)), ctx);
    expect(tf.sum(tf.abs(covariance)).dataSync()[0]).toBe(0);
    method.afterUpdate(ctx, carried!);
    // Rows of length 1: the trace of their moment is 1.
    expect(tf.sum(tf.mul(covariance, tf.eye(6))).dataSync()[0]).toBeCloseTo(0.25, 5);
    const { head, momentumBackbone, momentumHead } = method.modules;
    expect(gradientSize(method, [head])).toBeGreaterThan(0);
    expect(gradientSize(method, [momentumBackbone, momentumHead])).toBe(0);
  });

  it('has a momentum that rises to 1 over the run', () => {
    const at = build().emaPairs({ totalSteps: 100, stepsPerEpoch: 10 })[0]!.momentum as (step: number) => number;
    expect([at(0), at(100)]).toEqual([tiCoDefaults.momentum, 1]);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ beta: 1.5 })).toThrow(InvalidOptionError);
    expect(() => build({ rho: -1 })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0, 3)), ctx)).toThrow(ShapeError);
  });
});
