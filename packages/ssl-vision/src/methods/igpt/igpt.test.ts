import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { DataError, InvalidOptionError, keyArray, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import type { Method } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  pictures,
  statistics,
  tensorsOf,
  type TrainingCase,
  type Views,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { fitPalette } from './fit-palette.js';
import { IGpt, type IGptOptions } from './igpt.js';
import { PixelTransformer, type PixelTransformerOptions } from './pixel-transformer.js';

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/igpt.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { masks?: number[][] })[] };
const key = randomKey(0);
const palette = { data: Float32Array.from({ length: 18 }, (_, at) => Math.sin(3 * at)), shape: [6, 3] };
const transformer = (options: Partial<PixelTransformerOptions> = {}) =>
  new PixelTransformer({ key, palette, imageSize: 8, dim: 8, depth: 2, heads: 2, ...options });
const build = (options: Partial<IGptOptions> = {}): IGpt =>
  new IGpt({ backbone: transformer(), key, normalize: statistics, ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };
const largest = (x: tf.Tensor, y: tf.Tensor): number => tf.max(tf.abs(tf.sub(x, y))).dataSync()[0]!;

/** The method with the masks of a batch's labels. */
const masked = (method: IGpt): Method<Views, string> => ({
  name: method.name,
  settings: method.settings,
  modules: method.modules,
  trainable: () => method.trainable(),
  loss: ({ views, labels }, context) => {
    const mask = labels && (tf.cast(labels, 'float32') as tf.Tensor as tf.Tensor2D);
    return { loss: method.lossOf(normalizeImages(views[0]!, statistics), mask, context).loss };
  },
});

describe('IGpt', () => {
  it.each(cases)("three updates equal those of the authors' arithmetic", async ({ masks, ...golden }) => {
    const batchAt = (step: number): Views => ({
      ...batchOf(step, 1),
      ...(masks === undefined ? {} : { labels: { data: Int32Array.from(masks[step]!), shape: [8, 64] } }),
    });
    const backbone = () => transformer({ causal: masks === undefined });
    await expectTraining(() => masked(build({ backbone: backbone() })), golden, batchAt);
  });

  it('starts with equal scores, and hides the same share of each image', () => {
    const { views } = tensorsOf(batchOf(0, 1));
    expect(build().loss({ views }, training).loss.dataSync()[0]).toBeCloseTo(Math.log(6), 5);
    const method = build({ backbone: transformer({ causal: false }), maskRatio: 0.25 });
    let hidden: tf.Tensor2D | undefined;
    const given = method.lossOf.bind(method);
    method.lossOf = (images, mask, context) => given(images, (hidden = mask), context);
    expect(method.loss({ views }, ctx).loss.dataSync()[0]).toBeCloseTo(Math.log(6), 5);
    expect([...tf.sum(hidden!, 1).dataSync()]).toEqual(Array(8).fill(16));
  });

  it('refuses what does not fit', () => {
    const conv = new SmallConvEncoder({ key }) as unknown as PixelTransformer;
    expect(() => build({ backbone: conv })).toThrow('a PixelTransformer');
    expect(() => build({ maskRatio: 1 })).toThrow(InvalidOptionError);
    const { views } = tensorsOf(batchOf(0, 1));
    const seesAll = build({ backbone: transformer({ causal: false }) });
    expect(() => seesAll.loss({ views }, training)).toThrow('a random key');
    const { views: large } = tensorsOf({ views: [pictures(0, 12)] });
    expect(() => build().loss({ views: large }, ctx)).toThrow(ShapeError);
  });
});

describe('PixelTransformer', () => {
  const images = normalizeImages(tf.tensor(Int32Array.from(pictures(0).data), [8, 8, 8, 3], 'int32'), statistics);

  it('takes the nearest colour of each pixel', () => {
    const tokens = transformer().tokens(images).dataSync();
    const pixels = images.dataSync();
    const naive = Array.from({ length: 512 }, (_, place) => {
      const apart = Array.from({ length: 6 }, (_c, colour) =>
        [0, 1, 2].reduce((sum, c) => sum + (pixels[3 * place + c]! - palette.data[3 * colour + c]!) ** 2, 0),
      );
      return apart.indexOf(Math.min(...apart));
    });
    expect([...tokens]).toEqual(naive);
  });

  it.each([true, false])('causal: %s: which places a pixel moves', (causal) => {
    const model = transformer({ causal });
    const tokens = model.tokens(images);
    const change = tf.oneHot(tf.tensor1d([20], 'int32'), 64, 1, 0, 'int32');
    const other = tf.mod(tf.add(tokens, change), tf.scalar(6, 'int32')) as tf.Tensor2D;
    const apart = tf.max(tf.abs(tf.sub(model.encode(tokens), model.encode(other))), [0, 2]).dataSync();
    // Of a causal one, the first place that knows of pixel 20 foretells pixel 21.
    expect(apart.findIndex((one) => one > 1e-7)).toBe(causal ? 21 : 0);
    expect(apart[20]! > 1e-7).toBe(!causal);
  });

  it('gives the mean of the middle as features', () => {
    const model = transformer({ depth: 4 });
    expect(largest(model.forward(images), tf.mean(model.encode(model.tokens(images), training, undefined, 2), 1))).toBe(
      0,
    );
    const last = transformer({ depth: 4, featureBlock: 4 });
    expect(largest(last.forward(images), tf.mean(last.encode(last.tokens(images)), 1))).toBe(0);
    expect(largest(last.forward(images), model.forward(images))).toBeGreaterThan(0.01);
    expect(model.layerOf('blocks.3.attn.proj.weight')).toBe(4);
    expect([model.layerOf('positions'), model.layerOf('norm.weight'), model.layerCount]).toEqual([0, 5, 6]);
  });

  it('refuses what does not fit', () => {
    expect(() => transformer({ dim: 9 })).toThrow('a multiple of heads 2');
    expect(() => transformer({ featureBlock: 3 })).toThrow(InvalidOptionError);
    expect(() => transformer({ palette: { data: new Float32Array(3), shape: [1, 3] } })).toThrow('two colours or more');
    expect(() => transformer().forward(tf.zeros([1, 8, 8, 1]))).toThrow(ShapeError);
  });
});

describe('fitPalette', () => {
  const base = { key, normalize: statistics };
  const of = (values: readonly number[], count: number) => ({
    data: Uint8Array.from({ length: count * 4 * 4 }, (_, at) => values[at % values.length]!),
    shape: [count, 4, 4, 1],
  });

  it('finds groups of greys, normalised', () => {
    const { data, shape } = fitPalette(of([10, 12, 100, 104, 240], 50), { ...base, colours: 3 });
    expect(shape).toEqual([3, 1]);
    const greys = [...data].sort((a, b) => a - b).map((value) => (value * statistics.std + statistics.mean) * 255);
    [11, 102, 240].forEach((grey, at) => expect(Math.abs(greys[at]! - grey)).toBeLessThan(1e-3));
  });

  it('has each colour once where there are as many, and the same palette with the same key', () => {
    const { data } = pictures(0, 4, 8);
    const images = { data: Uint8Array.from(data), shape: [8, 4, 4, 3] };
    const [one, two] = [1, 1].map(() => fitPalette(images, { ...base, colours: 20 }));
    expect([...one!.data]).toEqual([...two!.data]);
    const error = (count: number): number => {
      const colours = fitPalette(images, { ...base, colours: count });
      const model = transformer({ palette: colours, imageSize: 4 });
      const pixels = normalizeImages(tf.tensor(Int32Array.from(data), [8, 4, 4, 3], 'int32'), statistics);
      const near = tf.gather(
        tf.tensor2d(colours.data, [count, 3]),
        tf.reshape(model.tokens(pixels), [-1]) as tf.Tensor1D,
      );
      return tf.mean(tf.squaredDifference(near, tf.reshape(pixels, [-1, 3]))).dataSync()[0]!;
    };
    const [few, some, all] = [2, 20, 128].map(error);
    expect(few).toBeGreaterThan(2 * some!);
    expect(all).toBeLessThan(1e-6);
  });

  it('refuses fewer colours than are wanted, and what is no array of pictures', () => {
    expect(() => fitPalette(of([1, 2], 4), { ...base, colours: 3 })).toThrow(DataError);
    expect(() => fitPalette(of([1, 2], 4), { ...base, colours: 3 })).toThrow('colours: 2 or fewer');
    expect(fitPalette(of([1, 2], 4), { ...base, colours: 2 }).shape).toEqual([2, 1]);
    expect(() => fitPalette({ data: new Uint8Array(16), shape: [4, 4] }, base)).toThrow(ShapeError);
    expect(() => fitPalette(of([1, 2], 4), { ...base, colours: 0 })).toThrow(InvalidOptionError);
  });
});
