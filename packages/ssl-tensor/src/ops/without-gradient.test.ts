import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { withoutGradient } from './without-gradient.js';

/** The largest is doubled, wherever it is. */
const both = (x: tf.Tensor): [tf.Tensor, tf.Tensor] => {
  const doubled = (y: tf.Tensor): tf.Tensor => {
    const place = withoutGradient(() => tf.reshape(tf.argMax(tf.mul(y, 3), 0), [1]));
    return tf.add(y, tf.mul(tf.gather(y, place as tf.Tensor1D), tf.oneHot(place, 3)));
  };
  return [doubled(x), tf.grad((y) => tf.sum(doubled(y)))(x)];
};

it('takes indices that follow from what is differentiated', async () => {
  const x = tf.tensor1d([1, -2, 5]);
  for (const [value, gradient] of [both(x), await compile(both)(x)]) {
    expect(value).toBeAllClose([[1, -2, 10]]);
    expect(gradient).toBeAllClose([1, 1, 2]);
  }
});

it('keeps no tensor, and works where nothing is differentiated', () => {
  const x = tf.tensor1d([1, -2, 5]);
  const gradient = tf.grad((y) =>
    tf.sum(
      tf.mul(
        y,
        withoutGradient(() => tf.exp(y)),
      ),
    ),
  );
  const before = tf.memory().numTensors;
  const found = gradient(x);
  expect(found).toBeAllClose([1, -2, 5].map(Math.exp));
  expect(tf.memory().numTensors).toBe(before + 1);
  expect(withoutGradient(() => tf.square(x))).toBeAllClose([1, 4, 25]);
  expect(() => withoutGradient(3 as never)).toThrow('withoutGradient(() => ...)');
});
