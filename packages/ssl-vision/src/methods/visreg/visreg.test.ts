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
import { hashUniform } from '../../../../../test/golden/vision/hash-fill.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { VisReg, type VisRegOptions } from './visreg.js';

type Own = Omit<VisRegOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/visreg.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): VisReg =>
  new VisReg({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };

/** The method along the directions of the golden. */
const along = (method: VisReg): Method<Views, string> => ({
  name: method.name,
  settings: method.settings,
  modules: method.modules,
  trainable: () => method.trainable(),
  loss: (batch, context) => {
    const rows = tf.tensor2d(hashUniform(16 * 6, 8001), [16, 6]);
    return method.lossOf(batch, tf.transpose(tf.div(rows, tf.norm(rows, 2, 1, true))) as tf.Tensor2D, context);
  },
});

describe('VisReg', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(
      () => along(build(options)),
      golden,
      (step) => batchOf(step, 4),
    );
  });

  it('takes local views of another size, and any number', () => {
    const { views } = tensorsOf(batchOf(0, 4));
    const small = views.slice(2).map((view) => tf.slice(view, [0, 0, 0, 0], [8, 4, 4, 3]));
    const loss = (given: readonly tf.Tensor[]): number => build().loss({ views: given }, ctx).loss.dataSync()[0]!;
    const all = [loss(views), loss([...views.slice(0, 2), ...small]), loss(views.slice(0, 3))];
    expect(all.every((value) => value > 0)).toBe(true);
    expect(new Set(all).size).toBe(3);
  });

  it('tells its terms', () => {
    const { loss, metrics } = build({ lambda: 0.25 }).loss(tensorsOf(batchOf(0, 4)), ctx);
    const [prediction, ...rest] = ['prediction', 'scale', 'shape', 'center'].map(
      (name) => metrics![name]!.dataSync()[0]!,
    );
    const regulariser = rest.reduce((sum, value) => sum + value, 0);
    expect(loss.dataSync()[0]).toBeCloseTo(0.75 * prediction! + 0.25 * regulariser, 4);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ lambda: 1.5 })).toThrow(InvalidOptionError);
    expect(() => build({ directions: 0 })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0, 1)), ctx)).toThrow(ShapeError);
    expect(() => build().loss(tensorsOf(batchOf(0, 2)), ctx)).toThrow('one or more local ones');
    expect(() => build().loss(tensorsOf(batchOf(0, 4)), training)).toThrow('a random key');
  });
});
