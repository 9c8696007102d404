import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { ShapeError } from '@selfsup/ssl-core';
import { addRelu } from './add-relu.js';

it.each([
  ['one block', [2, 3, 4]],
  ['blocks', [64, 64, 128]],
])('is relu(x + y), with its gradients, over %s', async (_, shape) => {
  const [x, y, dy] = [1, 2, 3].map((seed) => tf.randomNormal(shape, 0, 1, 'float32', seed)) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const run = (...args: tf.Tensor[]): tf.Tensor[] => [
    addRelu(args[0]!, args[1]!),
    ...tf.grads((a, b) => tf.sum(tf.mul(addRelu(a!, b!), args[2]!)))([args[0]!, args[1]!]),
  ];
  const value = tf.relu(tf.add(x, y));
  const slope = tf.mul(dy, tf.cast(tf.greater(value, 0), 'float32'));
  for (const results of [run(x, y, dy), await compile(run)(x, y, dy)])
    [value, slope, slope].forEach((expected, index) => expect(results[index]!).toBeAllClose(expected));
});

it('has no gradient where the sum is zero', () => {
  const [left] = tf.grads((a, b) => tf.sum(addRelu(a!, b!)))([tf.tensor1d([1, 2, -3]), tf.tensor1d([-1, 1, 1])]);
  expect(left!).toBeAllClose([0, 1, 0]);
});

it('names the operand whose shape is wrong', () => {
  expect(() => addRelu(tf.zeros([2, 3]), tf.zeros([3, 2]))).toThrow(ShapeError);
  expect(() => addRelu(tf.zeros([2, 3]), tf.zeros([3, 2]))).toThrow(/'?y'?/);
});
