import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { dot, draw, unit } from '../../../../test/golden/losses/redundancy.js';
import { mostSimilar } from './most-similar.js';

it.each(['eager', 'compiled'] as const)('mostSimilar finds the place of the largest cosine, %s', async (mode) => {
  const [x, y] = [draw(1, 8, 3), draw(2, 10, 3, 4)];
  const expected = [0, 1].map((image) =>
    x.slice(4 * image, 4 * image + 4).map((row) => {
      const cosines = y.slice(5 * image, 5 * image + 5).map((other) => dot(unit(row), unit(other)));
      return cosines.indexOf(Math.max(...cosines));
    }),
  );
  const run = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    mostSimilar(tf.reshape(a, [2, 4, 3]), tf.reshape(b, [2, 5, 3]));
  const [a, b] = [tf.tensor2d(x), tf.tensor2d(y)];
  const got = mode === 'compiled' ? await compile(run)(a, b) : run(a, b);
  expect(got).toBeAllClose(expected, { dtype: 'int32' });
});

it('mostSimilar takes the first of equals, and wants images and widths that match', () => {
  expect(mostSimilar(tf.zeros([1, 2, 3]), tf.ones([1, 4, 3]))).toBeAllClose([[0, 0]]);
  expect(() => mostSimilar(tf.zeros([1, 2, 3]), tf.zeros([2, 2, 3]))).toThrow(ShapeError);
  expect(() => mostSimilar(tf.zeros([1, 2, 3]), tf.zeros([1, 2, 4]))).toThrow(
    'mostSimilar: y must be float32 [1, m, 3], got float32 [1, 2, 4]',
  );
});
