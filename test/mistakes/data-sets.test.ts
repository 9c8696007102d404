import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  ArrayDataset,
  DataLoader,
  ImageArrayDataset,
  ImageFolderDataset,
  normalizeBatch,
  simclrViews,
  twoViews,
} from '@selfsup/ssl-data';
import { normalizeImages, SimClr } from '@selfsup/ssl-vision';
import { encoder, key, samples } from './fixtures.js';
import { describe, afterAll, beforeAll } from 'vitest';
import { testMistakes, js, type Mistake } from './mistake.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mistakes-'));
});
afterAll(() => rm(folder, { recursive: true }));

const pixels = { data: new Uint8Array(2 * 16 * 16 * 3), shape: [2, 16, 16, 3] };

const data: readonly Mistake[] = [
  {
    title: 'statistics in 0 .. 255',
    code: () => new SimClr({ backbone: encoder(), key, normalize: { mean: [127, 127, 127], std: [64, 64, 64] } }),
    error: 'InvalidOptionError',
    message:
      /SimClr: normalize\.mean must be in \[0, 1\].*got 127,127,127\. Statistics are on the scale 0 \.\. 1: divide those of 0 \.\. 255 by 255/,
    cure: () => new SimClr({ backbone: encoder(), key, normalize: { mean: [127 / 255], std: [64 / 255] } }),
  },
  {
    title: 'statistics of nothing',
    code: () => normalizeImages(tf.zeros([1, 4, 4, 3]), js(undefined)),
    error: 'InvalidOptionError',
    message: /normalizeImages: statistics must be an object of options, got undefined\. Options are mean, std/,
  },
  {
    title: 'statistics in 0 .. 255 on the host',
    code: () => normalizeBatch(pixels, { mean: 127, std: 64 }),
    error: 'InvalidOptionError',
    message: /statistics\.mean must be in \[0, 1\], got 127.*divide/,
    cure: () => normalizeBatch(pixels, { mean: 127 / 255, std: 64 / 255 }),
  },
  {
    title: 'a deviation called deviation',
    code: () => normalizeBatch(pixels, js({ mean: 0.5, deviation: 0.2 })),
    error: 'InvalidOptionError',
    message: /statistics\.deviation must be a known option.*mean, std/,
  },
  {
    title: 'images with the channels first',
    code: () => normalizeImages(tf.zeros([2, 3, 16, 16]), { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] }),
    error: 'ShapeError',
    message:
      /images must be \[batch, height, width, channels\], such as tf\.transpose\(images, \[0, 2, 3, 1\]\), got \[2, 3, 16, 16\], which has the channels first/,
    cure: () =>
      normalizeImages(tf.transpose(tf.zeros([2, 3, 16, 16]), [0, 2, 3, 1]), {
        mean: [0.5, 0.5, 0.5],
        std: [0.2, 0.2, 0.2],
      }),
  },
  {
    title: 'a backbone of images with the channels first',
    code: () => encoder().forward(tf.zeros([2, 3, 16, 16])),
    error: 'ShapeError',
    message:
      /\[batch, height, width, 3\], such as tf\.transpose\(x, \[0, 2, 3, 1\]\), got \[2, 3, 16, 16\], which has the channels first/,
    cure: () => encoder().forward(tf.transpose(tf.zeros([2, 3, 16, 16]), [0, 2, 3, 1])),
  },
  {
    title: 'a data set that is a promise',
    code: () => new DataLoader({ dataset: js(Promise.resolve(samples())), batchSize: 2 }),
    error: 'InvalidOptionError',
    message: /DataLoader: dataset must be a data set, got a promise \(is an await missing\?\)/,
    cure: async () => new DataLoader({ dataset: await Promise.resolve(samples()), batchSize: 2, workers: 0 }),
  },
  {
    title: 'samples in place of a data set',
    code: () => new DataLoader({ dataset: js([{ image: pixels }]), batchSize: 1 }),
    error: 'InvalidOptionError',
    message: /dataset must be a data set, got an array of 1\. Samples in memory are new ArrayDataset\(samples\)/,
  },
  {
    title: 'a batch larger than the data set',
    code: () => new DataLoader({ dataset: samples(), batchSize: 64, workers: 0 }),
    error: 'InvalidOptionError',
    message: /batchSize must be at most the samples of an epoch, 8, with dropLast \(or set dropLast: false\), got 64/,
    cure: () => new DataLoader({ dataset: samples(), batchSize: 64, workers: 0, dropLast: false }),
  },
  {
    title: 'one view in place of views',
    code: () => new DataLoader({ dataset: samples(), batchSize: 4, views: js(simclrViews({ size: 16 })[0]) }),
    error: 'InvalidOptionError',
    message: /views must be an array of views, got .*Write \[view\], or twoViews\(view\)/,
    cure: () =>
      new DataLoader({ dataset: samples(), batchSize: 4, workers: 0, views: twoViews(simclrViews({ size: 16 })[0]!) }),
  },
  {
    title: 'views as an object',
    code: () => new DataLoader({ dataset: samples(), batchSize: 4, views: js({ first: 1 }) }),
    error: 'InvalidOptionError',
    message: /views must be an array of views, got an object with first\. Such as simclrViews/,
  },
  {
    title: 'the function that makes views',
    code: () => new DataLoader({ dataset: samples(), batchSize: 4, views: js([simclrViews({ size: 16 })]) }),
    error: 'InvalidOptionError',
    message: /views\[0\] must be a view.*Spread it: \[\.\.\.views\]/,
  },
  {
    title: 'a folder that is not there',
    code: () => ImageFolderDataset.open(join(folder, 'missing')),
    error: 'DataError',
    message: /missing: .*(ENOENT|not there|no such)/,
  },
  {
    title: 'images as bare numbers',
    code: () => new ImageArrayDataset(js(new Uint8Array(12))),
    error: 'InvalidOptionError',
    message:
      /ImageArrayDataset: images must be an NdArray of Uint8Array.*ndArray\(data, \[n, height, width, channels\]\)/,
  },
  {
    title: 'samples that are no array',
    code: () => new ArrayDataset(js(undefined)),
    error: 'InvalidOptionError',
    message: /ArrayDataset: samples must be an array/,
  },
];

describe('data', () => {
  testMistakes(data);
});
