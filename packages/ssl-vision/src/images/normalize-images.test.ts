import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { mnistStatistics, normalizeImages, ownStatistics } from './normalize-images.js';

it('equals (x / 255 - mean) / std channel by channel', () => {
  const pixels = tf.tensor4d([0, 255, 51, 102], [1, 2, 1, 2], 'int32');
  const before = tf.memory().numTensors;
  const out = normalizeImages(pixels, { mean: [0.5, 0.25], std: [0.5, 0.125] });
  expect(tf.memory().numTensors - before).toBe(1);
  expect(out.dtype).toBe('float32');
  expect(out.shape).toEqual([1, 2, 1, 2]);
  [-1, 6, -0.6, 1.2].forEach((value, i) => expect(out.dataSync()[i]).toBeCloseTo(value, 5));
});

it('takes one number for all channels', () => {
  const out = normalizeImages(tf.ones([1, 1, 1, 3], 'int32'), mnistStatistics);
  out.dataSync().forEach((value) => expect(value).toBeCloseTo((1 / 255 - 0.1307) / 0.3081, 5));
});

it('takes volumes, on the scale of their files', () => {
  const volumes = tf.tensor5d([-1000, 200, 0, 400], [1, 2, 1, 1, 2]);
  const out: tf.Tensor = normalizeImages(volumes, { mean: [-500, 300], std: [500, 100], scale: 'values' });
  expect(out.shape).toEqual([1, 2, 1, 1, 2]);
  [-1, -1, 1, 1].forEach((value, i) => expect(out.dataSync()[i]).toBeCloseTo(value, 5));
});

it('brings every volume to mean 0 and deviation 1 by its own voxels, channel by channel', () => {
  const volumes = tf.tensor5d([1, 700, 3, 700, 100, 2, 500, 4], [2, 2, 1, 1, 2]);
  // The second channel of the first volume is of one value.
  [-1, 0, 1, 0, -1, -1, 1, 1].forEach((value, i) =>
    expect(normalizeImages(volumes, ownStatistics).dataSync()[i]).toBeCloseTo(value, 5),
  );
  const scaled = normalizeImages(volumes, { mean: 1, std: 2, scale: 'own' }).dataSync();
  expect(scaled[0]).toBeCloseTo(-1, 5);
  const wide = tf.add(
    tf.mul(tf.randomUniform([3, 8, 8, 8, 1], 0, 1, 'float32', 2), tf.tensor5d([0.01, 40, 1], [3, 1, 1, 1, 1])),
    7,
  );
  const { mean, variance } = tf.moments(normalizeImages(wide, ownStatistics) as tf.Tensor, [1, 2, 3, 4]);
  for (const value of mean.dataSync()) expect(value).toBeCloseTo(0, 3);
  for (const value of variance.dataSync()) expect(value).toBeCloseTo(1, 3);
});

it('refuses what does not fit', () => {
  expect(() => normalizeImages(tf.zeros([1, 1, 6, 6, 6]), ownStatistics)).toThrow(
    'tf.transpose(volumes, [0, 2, 3, 4, 1])',
  );
  expect(() => normalizeImages(tf.zeros([1, 2, 2, 1]), { mean: -500, std: 500 })).toThrow("take scale: 'values'");
  expect(() => normalizeImages(tf.zeros([1, 2, 2, 1]), { mean: 0, std: 0, scale: 'values' })).toThrow('positive');
  expect(() => normalizeImages(tf.zeros([1, 2, 2, 1]), { mean: 0, std: 1, scale: 'each' as 'own' })).toThrow(
    InvalidOptionError,
  );
  expect(() => normalizeImages(tf.zeros([2, 2, 1]), mnistStatistics)).toThrow(ShapeError);
  expect(() => normalizeImages(tf.zeros([1, 2, 2, 1]), { mean: [0, 0, 0], std: 1 })).toThrow('one for each channel');
  expect(() => normalizeImages(tf.zeros([1, 2, 2, 1]), { mean: 0, std: 0 })).toThrow(InvalidOptionError);
});
