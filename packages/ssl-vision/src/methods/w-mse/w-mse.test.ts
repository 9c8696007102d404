import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, keyArray, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import type { Method } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  statistics,
  tensorsOf,
  type TrainingCase,
  type Views,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { WMse, type WMseOptions } from './w-mse.js';

type Own = Omit<WMseOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/w-mse.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): WMse =>
  new WMse({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };

describe('WMse', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    // One part: the key is drawn from but changes nothing.
    const keyed = (): Method<Views, string> => {
      const method = build(options);
      const { name, settings, modules } = method;
      const loss: typeof method.loss = (batch, own) => method.loss(batch, own.key === undefined ? ctx : own);
      return { name, settings, modules, trainable: () => method.trainable(), loss };
    };
    await expectTraining(keyed, golden);
  });

  it('divides the batch by the key of the step', () => {
    const method = build({ outDim: 2, wSize: 4, wIter: 2 });
    const loss = (seed: number): number => {
      const own = { ...training, key: tf.tensor1d(keyArray(randomKey(seed)).data, 'int32') };
      return method.loss(tensorsOf(batchOf(0, 3)), own).loss.dataSync()[0]!;
    };
    expect(loss(1)).toBe(loss(1));
    expect(loss(2)).not.toBe(loss(1));
    expect(method.settings).toMatchObject({ wSize: 4, wIter: 2, eps: 0 });
  });

  it('has parts of twice the features where none are told', () => {
    expect(build().settings).toMatchObject({ wSize: 12 });
  });

  it('refuses what does not fit', () => {
    expect(() => build({ wSize: 11 })).toThrow('12 or more, twice outDim');
    expect(() => build({ eps: 2 })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0)), ctx)).toThrow(ShapeError);
    expect(() => build({ outDim: 2 }).loss(tensorsOf(batchOf(0, 1)), ctx)).toThrow(ShapeError);
    expect(() => build({ outDim: 2 }).loss(tensorsOf(batchOf(0)), training)).toThrow('a random key');
  });
});
