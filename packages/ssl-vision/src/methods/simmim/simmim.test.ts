import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, keyArray, randomKey, randomUniform, ShapeError } from '@selfsup/ssl-tensor';
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
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { randomUnits } from './random-units.js';
import { SimMim, type SimMimOptions } from './simmim.js';

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/simmim.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { masks: number[][] })[] };
const key = randomKey(0);
const vit = (maskToken = true) =>
  new VisionTransformer({ key, imageSize: 8, patchSize: 2, dim: 8, depth: 1, heads: 2, maskToken });
const build = (options: Partial<SimMimOptions> = {}): SimMim =>
  new SimMim({ backbone: vit(), key, normalize: statistics, ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };

/** The method with the masks of a batch's labels. */
const masked = (method: SimMim): Method<Views, string> => ({
  name: method.name,
  settings: method.settings,
  modules: method.modules,
  trainable: () => method.trainable(),
  loss: ({ views, labels }, context) => ({
    loss: method.lossOf(normalizeImages(views[0]!, statistics), labels as tf.Tensor as tf.Tensor2D, context),
  }),
});

describe('SimMim', () => {
  it.each(cases)('three updates equal those on timm', async ({ masks, ...golden }) => {
    const batchAt = (step: number): Views => ({
      ...batchOf(step, 1),
      labels: { data: Int32Array.from(masks[step]!), shape: [8, 16] },
    });
    await expectTraining(() => masked(build()), golden, batchAt);
  });

  it('hides whole squares, the same share of each image', () => {
    const noise = randomUniform(ctx.key, [50, 4]) as tf.Tensor2D;
    const mask = tf.reshape(randomUnits(noise, [4, 4], 2, 0.6), [50, 2, 2, 2, 2]);
    expect([...new Set(tf.sum(mask, [1, 2, 3, 4]).dataSync())]).toEqual([12]);
    const bySquare = tf.sum(mask, [2, 4]).dataSync();
    expect(new Set(bySquare)).toEqual(new Set([0, 4]));
    const order = randomUnits(tf.tensor2d([[0.3, 0.1, 0.2, 0.4]]), [2, 2], 1, 0.5).dataSync();
    expect([...order]).toEqual([0, 1, 1, 0]);
  });

  it('counts hidden patches only, and tells their share', () => {
    const method = build();
    const [view] = tensorsOf(batchOf(0, 1)).views;
    expect(method.loss({ views: [view!] }, ctx).metrics!['hiddenShare']!.dataSync()[0]).toBeCloseTo(0.75, 6);
    for (const { variable } of method.modules.decoder.namedParameters().values())
      tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    const images = normalizeImages(view!, statistics);
    const mask = tf.oneHot(tf.fill([8], 5, 'int32'), 16) as tf.Tensor2D;
    const hidden = tf.slice(images, [0, 2, 2, 0], [8, 2, 2, 3]);
    expect(method.lossOf(images, mask, training).dataSync()[0]).toBeCloseTo(tf.mean(tf.abs(hidden)).dataSync()[0]!, 5);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ backbone: vit(false) })).toThrow('a VisionTransformer built with maskToken: true');
    expect(() => build({ maskRatio: 1 })).toThrow(InvalidOptionError);
    expect(() => build({ maskUnit: 0 })).toThrow(InvalidOptionError);
    const { views } = tensorsOf(batchOf(0, 1));
    expect(() => build({ maskUnit: 3 }).loss({ views }, ctx)).toThrow(ShapeError);
    expect(() => build({ maskRatio: 0.9 }).loss({ views }, ctx)).toThrow('leaves one or more of 4 squares');
    expect(() => build().loss({ views }, training)).toThrow('a random key');
  });
});
