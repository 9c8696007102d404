import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { randomDirections } from './random-directions.js';

const key = tf.tensor1d([3, 4], 'int32');

it('randomDirections have length 1, no preferred direction, and follow the key', async () => {
  const directions = randomDirections(key, 3, 4000);
  expect(tf.sum(tf.square(directions), 0)).toBeAllClose(tf.ones([4000]));
  // The second moment of the sphere is the identity over its dimension.
  const moment = tf.mul(tf.matMul(directions, directions, false, true), 1 / 4000);
  expect(moment).toBeAllClose(tf.mul(tf.eye(3), 1 / 3), { atol: 0.02 });
  expect(tf.mean(directions, 1)).toBeAllClose([0, 0, 0], { atol: 0.03 });
  const compiled = await compile((k: tf.Tensor1D) => randomDirections(k, 3, 10))(key);
  expect(compiled).toBeAllClose(randomDirections(key, 3, 10), { atol: 1e-5 });
  const other = randomDirections(tf.tensor1d([3, 5], 'int32'), 3, 10);
  expect(other).not.toBeAllClose(compiled, { atol: 0.1 });
});

it('randomDirections name what is wrong', () => {
  expect(() => randomDirections(key, 0, 3)).toThrow(InvalidOptionError);
  expect(() => randomDirections(key, 3, 1.5)).toThrow('randomDirections: count must be a positive integer');
  expect(() => randomDirections(tf.zeros([2]), 3, 1)).toThrow(ShapeError);
});
