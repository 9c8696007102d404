import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { draw } from '../../../../test/golden/losses/cases.js';
import '../../../../test/support/to-be-all-close.js';
import { collapsedDimensions } from './collapsed-dimensions.js';

it('counts the dimensions that features do not use', async () => {
  const full = tf.tensor2d(draw(1, 30, 5));
  expect(await collapsedDimensions(full)).toBe(0);
  const [left, right] = [tf.tensor2d(draw(2, 30, 2)), tf.tensor2d(draw(3, 2, 8))];
  expect(await collapsedDimensions(tf.matMul(left, right))).toBe(6 / 8);
  expect(await collapsedDimensions(tf.ones([4, 3]))).toBe(1);
  expect(await collapsedDimensions(tf.tensor2d(draw(4, 3, 8)))).toBe(6 / 8);
});

it('counts by the threshold on the variance, relative to the largest', async () => {
  const scales = tf.tensor1d([1, 0.1, 0.01, 0.001]);
  // Orthogonal columns with mean 0.
  const signs = tf.tensor2d([
    [1, 1, 1, 1],
    [1, -1, 1, -1],
    [1, 1, -1, -1],
    [1, -1, -1, 1],
    [-1, -1, -1, -1],
    [-1, 1, -1, 1],
    [-1, -1, 1, 1],
    [-1, 1, 1, -1],
  ]);
  const z = tf.mul(signs, scales) as tf.Tensor2D;
  expect(await collapsedDimensions(z, { threshold: 5e-3 })).toBe(0.5);
  expect(await collapsedDimensions(z, { threshold: 5e-5 })).toBe(0.25);
  expect(await collapsedDimensions(tf.mul(z, 1e4), { threshold: 5e-5 })).toBe(0.25);
});

it('names what is wrong', async () => {
  await expect(collapsedDimensions(tf.zeros([1, 3]))).rejects.toThrow(
    'collapsedDimensions: z must be two or more rows, got [1, 3]',
  );
  await expect(collapsedDimensions(tf.zeros([3]) as never)).rejects.toThrow(ShapeError);
  await expect(collapsedDimensions(tf.eye(3), { threshold: 2 })).rejects.toThrow(InvalidOptionError);
});
