import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, keyArray, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Frossl, type FrosslOptions } from './frossl.js';

type Own = Omit<FrosslOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/frossl.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): Frossl =>
  new Frossl({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };

describe('Frossl', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('takes any number of views, in any order', () => {
    const { views } = tensorsOf(batchOf(0, 3));
    const loss = (given: readonly tf.Tensor[]): number => build().loss({ views: given }, ctx).loss.dataSync()[0]!;
    expect(loss(views)).toBeCloseTo(loss(views.toReversed()), 4);
    expect(Math.abs(loss(views) - loss(views.slice(1)))).toBeGreaterThan(0.1);
  });

  it('is lower for features that spread', () => {
    const method = build({ invarianceWeight: 0 });
    const loss = (): number => method.loss(tensorsOf(batchOf(0)), ctx).loss.dataSync()[0]!;
    const spread = loss();
    // One direction for all features.
    const last = method.modules.head.namedParameters().get('layers.6.weight')!.variable;
    const column = tf.slice(last, [0, 0], [12, 1]);
    tf.tidy(() => last.assign(tf.add(column, tf.zerosLike(last))));
    expect(loss()).toBeGreaterThan(spread + 0.3);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ invarianceWeight: -1 })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0, 1)), ctx)).toThrow(ShapeError);
  });
});
