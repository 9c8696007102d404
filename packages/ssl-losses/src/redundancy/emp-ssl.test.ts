import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  ofLargest,
  redundancy,
  transposed,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { empSSL } from './emp-ssl.js';

/** Logarithm of a determinant by Gaussian elimination in float64. */
function logDet(matrix: Rows): number {
  const a = matrix.map((row) => [...row]);
  let total = 0;
  a.forEach((row, k) => {
    total += Math.log(row[k]!);
    for (const below of a.slice(k + 1)) {
      const factor = below[k]! / row[k]!;
      row.forEach((x, j) => (below[j]! -= factor * x));
    }
  });
  return total;
}

/** The loss by loops in float64, with the whole `[dim, dim]` matrix. */
function naive(views: readonly Rows[], tcrEps = 0.2, invCoef = 200): number {
  const [batch, dim] = [views[0]!.length, views[0]![0]!.length];
  const rates = views.map((z) => {
    const columns = transposed(z);
    const factor = dim / (batch * tcrEps);
    return logDet(columns.map((a, i) => columns.map((b, j) => factor * dot(a, b) + (i === j ? 1 : 0)))) / 2;
  });
  const centre = views[0]!.map((row, i) => row.map((_, j) => mean(views.map((z) => z[i]![j]!))));
  const similarities = views.flatMap((z) => z.map((row, i) => dot(unit(row), unit(centre[i]!))));
  return -mean(rates) - invCoef * mean(similarities);
}

const tensors = (views: readonly Rows[]): tf.Tensor2D[] => views.map((view) => tf.tensor2d(view));

describe.each(['eager', 'compiled'] as const)('empSSL against the parts of lightly, %s', (mode) => {
  it.each(redundancy.empSSL.map(({ options, inputs }, index) => [index, inputs.length, options] as const))(
    'case %i, %i views, %j',
    async (index, _views, options) => {
      await expectGolden(mode, redundancy.empSSL[index]!, (...z) => empSSL(z as tf.Tensor2D[], options));
    },
  );
});

it.each([
  [3, 6, 4, 0.2, 0],
  [2, 3, 8, 1, 5],
  [4, 2, 2, 0.05, 200],
  [2, 20, 16, 0.2, 1],
])('empSSL against loops: %i views of %i rows of %i, eps %d, weight %d', async (count, batch, dim, tcrEps, invCoef) => {
  const views = Array.from({ length: count }, (_, i) => draw(10 * count + i, batch, dim).map(unit));
  const [loss, ...gradients] = await lossAndGradients(
    'eager',
    (...z) => empSSL(z, { tcrEps, invCoef }),
    tensors(views),
  );
  expect(loss!).toBeAllClose(naive(views, tcrEps, invCoef));
  gradients.forEach((gradient, i) => {
    const expected = finiteDifferences((z) => naive(views.with(i, z), tcrEps, invCoef), views[i]!);
    expect(gradient).toBeAllClose(expected, ofLargest(expected.flat(), 2e-5));
  });
});

it('empSSL: order of views and of images and a common rotation change nothing; spreading out lowers it', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 2, max: 7 }), (seed, batch) => {
      const views = [0, 1, 2].map((i) => draw(seed + i, batch, 3).map(unit));
      const run = (z: readonly Rows[]): tf.Scalar => empSSL(tensors(z), { invCoef: 2 });
      const plain = run(views);
      expect(run(views.toReversed())).toBeAllClose(plain);
      const order = [...new RandomStream(randomKey(seed)).permutation(batch)];
      expect(run(views.map((z) => order.map((i) => z[i]!)))).toBeAllClose(plain);
      const [c, s] = [Math.cos(seed), Math.sin(seed)];
      const turned = views.map((z) => z.map(([x, y, w]) => [c * x! - s * y!, s * x! + c * y!, w!]));
      expect(run(turned)).toBeAllClose(plain);
      const collapsed = views.map((z) => z.map(() => z[0]!));
      const rate = (z: readonly Rows[]): number => empSSL(tensors(z), { invCoef: 0 }).dataSync()[0]!;
      expect(rate(views)).toBeLessThan(rate(collapsed));
    }),
    { seed: 8, numRuns: 25 },
  ));

describe('empSSL at the edges', () => {
  it.each(extremes(4))('%s', async (name, z) => {
    const loss = await expectFinite((a, b) => empSSL([a!, b!]), [z, z]);
    expect(loss).toBeAllClose(name === 'zero rows' ? 0 : naive([z, z]), { rtol: 1e-4 });
  });

  it('one image, one view', () => {
    expect(empSSL([tf.tensor2d([[0.6, 0.8]])])).toBeAllClose(naive([[[0.6, 0.8]]]));
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => empSSL([])).toThrow('empSSL: views must be one or more views, got 0');
    expect(() => empSSL([x, tf.zeros([2, 4])])).toThrow(ShapeError);
    expect(() => empSSL([x], { tcrEps: 0 })).toThrow(InvalidOptionError);
    expect(() => empSSL([x], { invCoef: -1 })).toThrow(InvalidOptionError);
  });
});
