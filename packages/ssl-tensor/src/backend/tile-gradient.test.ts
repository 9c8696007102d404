import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';

const weights = (shape: readonly number[]): tf.Tensor =>
  tf.reshape(tf.range(1, shape.reduce((a, b) => a * b, 1) + 1), [...shape]);

/** Sum over the copies, element by element. */
function naive(dy: tf.Tensor, shape: readonly number[]): Float64Array {
  const sums = new Float64Array(shape.reduce((a, b) => a * b, 1));
  dy.dataSync().forEach((value, flat) => {
    let rest = flat;
    let index = 0;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index += ((rest % dy.shape[axis]!) % shape[axis]!) * stride;
      rest = Math.floor(rest / dy.shape[axis]!);
      stride *= shape[axis]!;
    }
    sums[index]! += value;
  });
  return sums;
}

it.each([
  [[3], [4]],
  [
    [2, 3],
    [1, 1],
  ],
  [
    [2, 3],
    [3, 1],
  ],
  [
    [2, 1, 3],
    [2, 5, 2],
  ],
  [
    [1, 2, 1, 2],
    [3, 1, 2, 2],
  ],
  [
    [2, 1, 2, 1, 2],
    [1, 2, 2, 3, 1],
  ],
])('sums the copies of %j repeated %j', async (shape, reps) => {
  const dy = weights(shape.map((size, axis) => size * reps[axis]!));
  const gradient = (x: tf.Tensor, g: tf.Tensor): tf.Tensor =>
    tf.grad((value) => tf.sum(tf.mul(tf.tile(value, reps), g)))(x);
  const expected = { data: Array.from(naive(dy, shape)), shape };
  expect(gradient(weights(shape), dy)).toBeAllClose(expected);
  expect(await compile(gradient)(weights(shape), dy)).toBeAllClose(expected);
});

it('is that of broadcastTo, for thousands of copies', () => {
  const gradient = tf.grad((x) => tf.sum(tf.broadcastTo(x, [64, 147, 3])))(tf.ones([1, 1, 3]));
  expect(gradient).toBeAllClose([[[9408, 9408, 9408]]]);
});
