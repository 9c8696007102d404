import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { stopGradient } from './stop-gradient.js';

const both = (x: tf.Tensor): [tf.Tensor, tf.Tensor] => [
  stopGradient(x),
  tf.grad((y) => tf.sum(tf.mul(y, stopGradient(tf.mul(y, 3)))))(x),
];

it('keeps the value and lets no gradient through', async () => {
  const x = tf.tensor1d([1, -2, 5]);
  for (const [value, gradient] of [both(x), await compile(both)(x)]) {
    expect(value).toBeAllClose([1, -2, 5]);
    expect(gradient).toBeAllClose([3, -6, 15]);
  }
});
