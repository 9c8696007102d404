import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import { draw, dot, ofLargest, sum, type Rows } from '../../../../test/golden/losses/redundancy.js';
import { inverseCholesky } from './inverse-cholesky.js';

/** Rows of the inverse factor by Gram and Schmidt's orthogonalisation in the metric of `c`, in float64. */
function naive(c: Rows): Rows {
  const rows: Rows = [];
  const product = (a: readonly number[], b: readonly number[]): number =>
    dot(
      a,
      c.map((row) => dot(row, b)),
    );
  c.forEach((_, i) => {
    let row: number[] = c.map((__, j) => (i === j ? 1 : 0));
    for (const done of rows) {
      const share = product(row, done);
      row = row.map((x, j) => x - share * done[j]!);
    }
    const length = Math.sqrt(product(row, row));
    rows.push(row.map((x) => x / length));
  });
  return rows;
}

/** `x^T x + shift I`, whose condition number falls with the shift. */
const covariance = (seed: number, size: number, shift: number): Rows => {
  const x = draw(seed, size + 2, size);
  return x[0]!.map((_, i) => x[0]!.map((__, j) => sum(x.map((row) => row[i]! * row[j]!)) + (i === j ? shift : 0)));
};

describe.each(['eager', 'compiled'] as const)('inverseCholesky, %s', (mode) => {
  it.each([1, 2, 3, 7, 16])('of size %i: loops and finite differences', async (size) => {
    const c = covariance(size, size, 0.5);
    const weights = draw(size + 50, size, size);
    const weighted = (w: Rows): number => sum(w.map((row, i) => dot(row, weights[i]!)));
    const [value, gradient] = await lossAndGradients(
      mode,
      (x) => tf.sum(tf.mul(tf.reshape(inverseCholesky(tf.expandDims(x!, 0)), [size, size]), tf.tensor2d(weights))),
      [tf.tensor2d(c)],
    );
    expect(value!).toBeAllClose(weighted(naive(c)), { rtol: 1e-4, atol: 1e-5 });
    // The gradient is that of symmetric changes.
    const symmetric = (x: Rows): number => weighted(naive(x.map((row, i) => row.map((v, j) => (v + x[j]![i]!) / 2))));
    const expected = finiteDifferences(symmetric, c);
    expect(gradient!).toBeAllClose(expected, ofLargest(expected.flat(), 1e-4));
  });
});

it('inverseCholesky takes variables of any scale, and batches', () => {
  const c = covariance(5, 4, 0.1);
  const scales = [1e-4, 1, 6e4, 30];
  const scaled = c.map((row, i) => row.map((x, j) => x * scales[i]! * scales[j]!));
  const w = inverseCholesky(tf.tensor3d([c, scaled]));
  const expected = naive(c);
  // Size by size, since rows of the second differ by nine orders of magnitude.
  const back = tf.mul(tf.slice(w, [1, 0, 0], [1, 4, 4]), tf.tensor3d([[scales]]));
  expect(tf.reshape(back, [4, 4])).toBeAllClose(expected, ofLargest(expected.flat(), 2e-5));
  expect(tf.reshape(tf.slice(w, [0, 0, 0], [1, 4, 4]), [4, 4])).toBeAllClose(
    expected,
    ofLargest(expected.flat(), 2e-5),
  );
});

it('inverseCholesky stays finite where there is no factor', async () => {
  for (const c of [
    [
      [0, 0],
      [0, 0],
    ],
    [
      [4, 4],
      [4, 4],
    ],
    [
      [3.6e9, -3.6e9],
      [-3.6e9, 3.6e9],
    ],
  ]) {
    const tensors = await lossAndGradients('eager', (x) => tf.sum(inverseCholesky(tf.expandDims(x!, 0))), [
      tf.tensor2d(c),
    ]);
    for (const tensor of tensors) expect(tensor.dataSync().every(Number.isFinite)).toBe(true);
  }
});
