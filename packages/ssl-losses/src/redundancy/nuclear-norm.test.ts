import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  dot,
  draw,
  expectFinite,
  extremes,
  ofLargest,
  sum,
  transposed,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { nuclearNorm } from './nuclear-norm.js';

/** Singular values by Jacobi's rotations of the columns, one-sided, in float64. */
function singularValues(x: Rows): number[] {
  const columns = (x.length >= x[0]!.length ? transposed(x) : x).map((column) => [...column]);
  for (let sweep = 0; sweep < 30; sweep++)
    columns.forEach((a, i) => {
      for (const b of columns.slice(i + 1)) {
        const [p, q, r] = [dot(a, a), dot(b, b), dot(a, b)];
        if (Math.abs(r) <= 1e-16 * Math.sqrt(p * q)) continue;
        const angle = 0.5 * Math.atan2(2 * r, p - q);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        a.forEach((value, k) => {
          [a[k], b[k]] = [c * value + s * b[k]!, c * b[k]! - s * value];
        });
      }
    });
  return columns.map((column) => Math.sqrt(dot(column, column)));
}
const naive = (x: Rows): number => sum(singularValues(x));
const run = (x: Rows): number => nuclearNorm(tf.tensor3d([x])).dataSync()[0]!;

describe.each(['eager', 'compiled'] as const)('nuclearNorm, %s', (mode) => {
  it.each([
    [1, 5],
    [4, 3],
    [6, 6],
    [3, 20],
    [12, 10],
  ])('of %i rows of %i: Jacobi and finite differences', async (rows, columns) => {
    const x = draw(rows + columns, rows, columns);
    const [norm, gradient] = await lossAndGradients(
      mode,
      (each) => tf.reshape(nuclearNorm(tf.expandDims(each!, 0)), []),
      [tf.tensor2d(x)],
    );
    expect(norm!).toBeAllClose(naive(x), { rtol: 2e-6 });
    const expected = finiteDifferences(naive, x);
    expect(gradient!).toBeAllClose(expected, ofLargest(expected.flat(), 1e-4));
    // The polar factor has orthonormal rows or columns.
    const product = tf.matMul(gradient! as tf.Tensor2D, gradient! as tf.Tensor2D, rows > columns, rows <= columns);
    expect(product).toBeAllClose(tf.eye(Math.min(rows, columns)), { atol: 1e-5 });
  });
});

describe('nuclearNorm', () => {
  it.each([1, 0.1, 1e-2, 1e-3, 1e-4])('takes a singular value of %d of the largest to 1', async (ratio) => {
    const [c, s] = [Math.cos(1), Math.sin(1)];
    const [, gradient] = await lossAndGradients('eager', (x) => tf.sum(nuclearNorm(tf.expandDims(x!, 0))), [
      tf.tensor2d([
        [c, s],
        [-s * ratio, c * ratio],
      ]),
    ]);
    // The rounding of the input turns the small direction by 1e-7 over its share.
    expect(gradient!).toBeAllClose(
      [
        [c, s],
        [-s, c],
      ],
      { rtol: 0, atol: 1e-6 + 2e-7 / ratio },
    );
  });

  it('keeps its word on small singular values', async () => {
    const values = [1, 1e-2, 1e-4, 1e-5, 1e-6, 0];
    const x = values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));
    const [norm, gradient] = await lossAndGradients('eager', (z) => tf.sum(nuclearNorm(tf.expandDims(z!, 0))), [
      tf.tensor2d(x),
    ]);
    expect(norm!).toBeAllClose(sum(values), { rtol: 0, atol: 1e-6 });
    const weights = (gradient!.arraySync() as Rows).map((row, i) => row[i]!);
    expect(weights.slice(0, 4)).toBeAllClose([1, 1, 1, 1], { atol: 1e-5 });
    expect(weights[4]).toBeLessThan(1);
    expect(weights[5]).toBe(0);
  });

  it('adds up over batches, and knows lost directions', () => {
    const x = draw(3, 4, 3);
    const flat = x.map(([a, b]) => [a!, b!, a! + b!]);
    expect(nuclearNorm(tf.tensor3d([x, flat]))).toBeAllClose([naive(x), naive(flat)], { rtol: 3e-6 });
    expect(run([[3, 4]])).toBeCloseTo(5, 5);
  });

  it('rotations, transposition and order change nothing; a factor scales', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (seed, factor) => {
        const x = draw(seed, 5, 3);
        const plain = run(x);
        const close = { rtol: 5e-6 } as const;
        expect(run(transposed(x))).toBeAllClose(plain, close);
        expect(run(x.toReversed())).toBeAllClose(plain, close);
        expect(run(x.map((row) => row.map((value) => factor * value)))).toBeAllClose(factor * plain, close);
        const [c, s] = [Math.cos(seed), Math.sin(seed)];
        expect(run(x.map(([a, b, d]) => [c * a! - s * b!, s * a! + c * b!, d!]))).toBeAllClose(plain, close);
      }),
      { seed: 9, numRuns: 25 },
    ));

  it.each(extremes(4))('%s', async (_name, z) => {
    const norm = await expectFinite((x) => tf.sum(nuclearNorm(tf.expandDims(x!, 0))), [z]);
    expect(norm).toBeAllClose(naive(z), { rtol: 3e-6 });
  });
});
