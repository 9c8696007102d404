import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  dot,
  draw,
  expectFinite,
  extremes,
  mean,
  ofLargest,
  sum,
  transposed,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { whiten, WhiteningStatistics } from './whiten.js';

/**
 * By Cholesky's factorisation and forward substitution in float64: row `i` of `L y = x` gives feature `i` of every row.
 */
function naive(x: Rows, eps = 0): Rows {
  const columns = transposed(x).map((column) => column.map((value) => value - mean(column)));
  const factor = columns.map((): number[] => []);
  const white: Rows = [];
  columns.forEach((a, i) => {
    columns.slice(0, i + 1).forEach((b, j) => {
      const value = ((1 - eps) * dot(a, b)) / (x.length - 1) + (i === j ? eps : 0);
      const rest = value - dot(factor[i]!.slice(0, j), factor[j]!.slice(0, j));
      factor[i]!.push(i === j ? Math.sqrt(rest) : rest / factor[j]![j]!);
    });
    white.push(a.map((value, n) => (value - sum(white.map((y, j) => factor[i]![j]! * y[n]!))) / factor[i]![i]!));
  });
  return transposed(white);
}

describe.each(['eager', 'compiled'] as const)('whiten, %s', (mode) => {
  it.each([
    [5, 3, 0],
    [9, 1, 0],
    [16, 7, 0],
    [4, 6, 0.2],
  ])('%i rows of %i, eps %d: loops and finite differences', async (rows, dim, eps) => {
    const x = draw(rows, rows, dim);
    const weights = draw(rows + 1, rows, dim);
    const weighted = (y: Rows): number => sum(y.map((row, i) => dot(row, weights[i]!)));
    const [value, gradient] = await lossAndGradients(
      mode,
      (z) => tf.sum(tf.mul(whiten(z!, { eps }), tf.tensor2d(weights))),
      [tf.tensor2d(x)],
    );
    expect(value!).toBeAllClose(weighted(naive(x, eps)), { rtol: 1e-5, atol: 2e-5 });
    const expected = finiteDifferences((z) => weighted(naive(z, eps)), x);
    expect(gradient!).toBeAllClose(expected, ofLargest(expected.flat(), 5e-5));
  });
});

describe('whiten', () => {
  it('leaves mean 0 and the identity as covariance, whatever linear map came before', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 5 }), (seed, dim) => {
        const x = draw(seed, 12, dim);
        // Lower-triangular maps with positive diagonal are undone altogether.
        const map = draw(seed + 1, dim, dim).map((row, i) =>
          row.map((value, j) => (j > i ? 0 : j === i ? 1 + Math.abs(value) : value / 2)),
        );
        const mapped = x.map((row) => map.map((each) => dot(each, row) + 3));
        const white = whiten(tf.tensor2d(mapped));
        expect(white).toBeAllClose(naive(x), { rtol: 0, atol: 2e-4 });
        expect(tf.mean(white, 0)).toBeAllClose(tf.zeros([dim]), { atol: 1e-4 });
        expect(tf.mul(tf.matMul(white, white, true), 1 / 11)).toBeAllClose(tf.eye(dim), { atol: 2e-4 });
      }),
      { seed: 11, numRuns: 25 },
    ));

  it('whitens each of several batches by itself, and with statistics that are given', () => {
    const [a, b] = [draw(1, 6, 3), draw(2, 6, 3, 4)];
    const both = whiten(tf.tensor3d([a, b]));
    expect(both).toBeAllClose([naive(a), naive(b)], { rtol: 0, atol: 1e-5 });
    const statistics = new WhiteningStatistics(3);
    expect(whiten(tf.tensor2d(a), { statistics })).toBeAllClose(a);
    statistics.buffers.mean.assign(tf.tensor1d([1, 2, 3]));
    statistics.buffers.covariance.assign(
      tf.tensor2d([
        [4, 0, 0],
        [0, 9, 0],
        [0, 0, 1],
      ]),
    );
    expect(whiten(tf.tensor2d(a), { statistics })).toBeAllClose(
      a.map(([x, y, z]) => [(x! - 1) / 2, (y! - 2) / 3, z! - 3]),
    );
    statistics.dispose();
  });

  it('stays bounded where most variables depend on a few', async () => {
    const [few, map] = [tf.tensor2d(draw(1, 80, 3)), tf.tensor2d(draw(2, 3, 40))];
    const [value, gradient] = await lossAndGradients('eager', (x) => tf.mean(tf.square(whiten(x!))), [
      tf.matMul(few, map) as tf.Tensor2D,
    ]);
    // Three variables of variance 1, and rounding over a deviation of at least 3e-3 of the variable's own.
    expect(value!).toBeAllClose((3 * 79) / 80 / 40, { rtol: 0.02 });
    expect(Math.max(...tf.abs(gradient!).dataSync())).toBeLessThan(0.1);
  });

  it.each(extremes(5))('%s stay finite', async (_name, z) => {
    await expectFinite((x) => tf.sum(tf.square(whiten(x!))), [z]);
  });

  it('names what is wrong', () => {
    expect(() => whiten(tf.zeros([3, 3]))).toThrow('whiten: x must be 4 or more rows, got [3, 3]');
    expect(() => whiten(tf.zeros([3]))).toThrow(ShapeError);
    expect(() => whiten(tf.zeros([4, 3]), { eps: -1 })).toThrow(InvalidOptionError);
    expect(() => new WhiteningStatistics(0)).toThrow(InvalidOptionError);
    expect(() => new WhiteningStatistics(2, 2)).toThrow(InvalidOptionError);
    const statistics = new WhiteningStatistics(2);
    expect(() => whiten(tf.zeros([4, 3]), { statistics })).toThrow('statistics must be float32 [3], got float32 [2]');
    statistics.dispose();
  });
});
