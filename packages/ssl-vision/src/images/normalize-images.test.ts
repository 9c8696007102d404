import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { mnistStatistics, normalizeImages } from './normalize-images.js';

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

it('refuses what does not fit', () => {
  expect(() => normalizeImages(tf.zeros([2, 2, 1]), mnistStatistics)).toThrow(ShapeError);
  expect(() => normalizeImages(tf.zeros([1, 2, 2, 1]), { mean: [0, 0, 0], std: 1 })).toThrow('one for each channel');
  expect(() => normalizeImages(tf.zeros([1, 2, 2, 1]), { mean: 0, std: 0 })).toThrow(InvalidOptionError);
});
