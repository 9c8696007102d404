import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import { dot, draw, sum, transposed, type Rows } from '../../../../test/golden/losses/redundancy.js';
import { squaredProducts } from './squared-products.js';

/** By loops in float64. */
const naive = (a: Rows, b: Rows): number => sum(transposed(a).flatMap((x) => transposed(b).map((y) => dot(x, y) ** 2)));

it.each([
  [5, 2, 3],
  [2, 5, 7],
  [3, 6, 6],
])('squaredProducts by columns or by rows: %i rows, %i and %i columns', async (rows, p, q) => {
  const [a, b] = [draw(rows, rows, p), draw(rows + 1, rows, q)];
  const [value, ...gradients] = await lossAndGradients('eager', (x, y) => squaredProducts(x!, y!), [
    tf.tensor2d(a),
    tf.tensor2d(b),
  ]);
  expect(value!).toBeAllClose(naive(a, b));
  const close = { rtol: 1e-4, atol: 1e-4 } as const;
  expect(gradients[0]!).toBeAllClose(
    finiteDifferences((x) => naive(x, b), a),
    close,
  );
  expect(gradients[1]!).toBeAllClose(
    finiteDifferences((y) => naive(a, y), b),
    close,
  );
  const [own, slope] = await lossAndGradients('eager', (x) => squaredProducts(x!, x!), [tf.tensor2d(a)]);
  expect(own!).toBeAllClose(naive(a, a));
  expect(slope!).toBeAllClose(
    finiteDifferences((x) => naive(x, x), a),
    close,
  );
  const stacked = tf.stack([tf.tensor2d(a), tf.mul(tf.tensor2d(a), 2)]);
  expect(squaredProducts(stacked, stacked)).toBeAllClose(17 * naive(a, a));
});
