import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import { draw, expectFinite, extremes, ofLargest, type Rows } from '../../../../test/golden/losses/redundancy.js';
import { exponentOfEntropy } from './effective-rank.js';
import { gramMatrix } from '../transfer/gram-matrix.js';
import { singularEntropy } from './singular-entropy.js';
import { symmetricEigenvalues } from '../numerics/symmetric-eigenvalues.js';

/** In float64, by the eigenvalues of the Gram matrix. */
function naive(x: Rows): number {
  const { gram, n } = gramMatrix(Float64Array.from(x.flat()), x.length, x[0]!.length);
  const rank = exponentOfEntropy(
    symmetricEigenvalues(gram, n).map((value) => Math.sqrt(Math.max(value, 0))),
    0,
  );
  return Math.log(Math.max(rank, 1));
}

describe.each(['eager', 'compiled'] as const)('singularEntropy, %s', (mode) => {
  it.each([
    [1, 5],
    [4, 3],
    [5, 6],
    [3, 20],
    [30, 8],
  ])('of %i rows of %i: eigenvalues in float64 and finite differences', async (rows, columns) => {
    const x = draw(rows + columns, rows, columns);
    const [entropy, gradient] = await lossAndGradients(mode, (each) => singularEntropy(each!), [tf.tensor2d(x)]);
    expect(entropy!).toBeAllClose(naive(x), { rtol: 2e-6, atol: 1e-6 });
    const expected = finiteDifferences(naive, x);
    expect(gradient!).toBeAllClose(expected, { rtol: 0, atol: Math.max(ofLargest(expected.flat(), 1e-4).atol, 1e-6) });
  });
});

describe('singularEntropy', () => {
  it.each([1, 0.1, 1e-2, 1e-3, 1e-4])('of singular values 1 and %d', async (ratio) => {
    const [c, s] = [Math.cos(1), Math.sin(1)];
    const x = [
      [c, s],
      [-s * ratio, c * ratio],
    ];
    const [entropy, gradient] = await lossAndGradients('eager', (z) => singularEntropy(z!), [tf.tensor2d(x)]);
    const total = 1 + ratio;
    const shares = [1 / total, ratio / total];
    const truth = -shares.reduce((sum, share) => sum + share * Math.log(share), 0);
    expect(entropy!).toBeAllClose(truth, { rtol: 1e-5, atol: 1e-6 });
    const slopes = shares.map((share) => -(Math.log(share) + truth) / total);
    const expected = [
      [slopes[0]! * c, slopes[0]! * s],
      [slopes[1]! * -s, slopes[1]! * c],
    ];
    // The rounding of the input turns the small direction by 1e-7 over its share.
    expect(gradient!).toBeAllClose(expected, { rtol: 0, atol: 1e-5 + 2e-6 / ratio });
  });

  it('of equal values is the logarithm of their number; a factor changes nothing', () => {
    expect(singularEntropy(tf.eye(7))).toBeAllClose(Math.log(7), { rtol: 1e-6 });
    const x = draw(4, 6, 4);
    for (const factor of [1e-12, 1e-3, 1e6])
      expect(singularEntropy(tf.mul(tf.tensor2d(x), factor))).toBeAllClose(naive(x), { rtol: 3e-6 });
  });

  it.each(extremes(4))('%s', async (_name, z) => {
    const entropy = await expectFinite((x) => singularEntropy(x!), [z]);
    expect(entropy).toBeAllClose(naive(z), { rtol: 1e-5, atol: 2e-6 });
  });
});
