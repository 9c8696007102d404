import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-core';
import { dropout } from './dropout.js';
import { keyArray, type TensorKey } from './random-uniform.js';

const keyTensor = (seed: number): TensorKey => tf.tensor1d(keyArray(randomKey(seed)).data, 'int32');
const both = (x: tf.Tensor, key: TensorKey): [tf.Tensor, tf.Tensor] => [
  dropout(x, 0.25, key),
  tf.grad((y) => tf.sum(dropout(y, 0.25, key)))(x),
];

it('zeroes a quarter, scales the rest, and lets the same places through in the gradient', async () => {
  const n = 20_000;
  const x = tf.mul(tf.ones([n]), 3);
  const eager = both(x, keyTensor(4));
  const compiled = await compile(both)(x, keyTensor(4));
  for (const [value, gradient] of [eager, compiled]) {
    const [values, slopes] = [value.dataSync(), gradient.dataSync()];
    const zeros = values.filter((item) => item === 0).length;
    expect(Math.abs(zeros / n - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / n));
    expect(
      values.every((item, i) =>
        item === 0 ? slopes[i] === 0 : Math.abs(item - 4) < 1e-6 && Math.abs(slopes[i]! - 4 / 3) < 1e-6,
      ),
    ).toBe(true);
  }
  expect(compiled[0]).toBeAllClose(eager[0], { rtol: 0, atol: 0 });
});

it('gives back x at rate 0', () => {
  const x = tf.tensor1d([1, 2]);
  expect(dropout(x, 0, keyTensor(0))).toBe(x);
});

it.each([-0.1, 1, NaN])('refuses the rate %s', (rate) => {
  expect(() => dropout(tf.zeros([2]), rate, keyTensor(0))).toThrow(InvalidOptionError);
});
