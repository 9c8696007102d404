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
  redundancy,
  transposed,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { barlowTwins } from './barlow-twins.js';

/** Algorithm 1 by loops in float64. */
function naive(zA: Rows, zB: Rows, lambda = 5e-3, eps = 1e-5): number {
  const columns = [zA, zB].map((z) =>
    transposed(z).map((column) => {
      const middle = mean(column);
      const variance = mean(column.map((x) => (x - middle) ** 2));
      return column.map((x) => (x - middle) / Math.sqrt(variance + eps));
    }),
  );
  let loss = 0;
  columns[0]!.forEach((a, i) =>
    columns[1]!.forEach((b, j) => {
      const c = dot(a, b) / zA.length;
      loss += i === j ? (c - 1) ** 2 : lambda * c ** 2;
    }),
  );
  return loss;
}

describe.each(['eager', 'compiled'] as const)('barlowTwins against lightly, %s', (mode) => {
  it.each(redundancy.barlowTwins.map(({ options }, index) => [index, options] as const))(
    'case %i, %j',
    async (index, options) => {
      // Standardising takes the gradient's parts along the mean and the scale away, in float32: 3e-5 for three rows.
      await expectGolden(
        mode,
        redundancy.barlowTwins[index]!,
        (a, b) => barlowTwins(a as tf.Tensor2D, b as tf.Tensor2D, options),
        1e-4,
      );
    },
  );
});

describe('barlowTwins against loops', () => {
  it.each([
    [4, 3, 5e-3],
    [3, 9, 0.5],
    [12, 5, 2],
  ])('%i rows of %i features, lambda %d', async (batch, dim, lambda) => {
    const [zA, zB] = [draw(batch, batch, dim), draw(batch + 1, batch, dim)];
    const [loss, ...gradients] = await lossAndGradients('eager', (a, b) => barlowTwins(a!, b!, { lambda }), [
      tf.tensor2d(zA),
      tf.tensor2d(zB),
    ]);
    expect(loss!).toBeAllClose(naive(zA, zB, lambda));
    const close = { rtol: 1e-4, atol: 2e-5 } as const;
    expect(gradients[0]!).toBeAllClose(
      finiteDifferences((a) => naive(a, zB, lambda), zA),
      close,
    );
    expect(gradients[1]!).toBeAllClose(
      finiteDifferences((b) => naive(zA, b, lambda), zB),
      close,
    );
  });

  it('is 0 for views that are equal and features without correlation', () => {
    const z = tf.tensor2d([
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ]);
    expect(barlowTwins(z, z, { lambda: 1 })).toBeAllClose(0, { atol: 1e-6 });
  });
});

it('barlowTwins: order of views, of images and of features, offsets and scales of features change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 3, max: 8 }), (seed, batch) => {
      const [zA, zB] = [draw(seed, batch, 4), draw(seed + 1, batch, 4)];
      const random = new RandomStream(randomKey(seed + 2));
      const plain = barlowTwins(tf.tensor2d(zA), tf.tensor2d(zB), { lambda: 0.3 });
      const close = { rtol: 2e-4, atol: 2e-5 } as const;
      const again = (a: Rows, b: Rows): tf.Scalar => barlowTwins(tf.tensor2d(a), tf.tensor2d(b), { lambda: 0.3 });
      expect(again(zB, zA)).toBeAllClose(plain, close);
      const order = [...random.permutation(batch)];
      expect(
        again(
          order.map((i) => zA[i]!),
          order.map((i) => zB[i]!),
        ),
      ).toBeAllClose(plain, close);
      const turned = (z: Rows): Rows => z.map(([a, b, c, d]) => [d!, a!, b!, c!]);
      expect(again(turned(zA), turned(zB))).toBeAllClose(plain, close);
      const factors = zA[0]!.map(() => random.uniform(3, 9));
      const moved = zA.map((row) => row.map((x, j) => factors[j]! * x + j));
      expect(naive(moved, zB, 0.3, 0)).toBeCloseTo(naive(zA, zB, 0.3, 0), 9);
      expect(again(moved, zB)).toBeAllClose(naive(moved, zB, 0.3), close);
    }),
    { seed: 2, numRuns: 25 },
  ));

describe('barlowTwins at the edges', () => {
  it.each(extremes(4))('%s', async (_name, z) => {
    const other = z.map((row, i) => row.map((x) => (i % 2 === 0 ? x : -x)));
    expect(await expectFinite((a, b) => barlowTwins(a!, b!), [z, other])).toBeCloseTo(naive(z, other), 4);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => barlowTwins(x, tf.zeros([3, 5]))).toThrow(
      'barlowTwins: zB must be float32 [3, 4], got float32 [3, 5]',
    );
    expect(() => barlowTwins(tf.zeros([1, 4]), tf.zeros([1, 4]))).toThrow(ShapeError);
    for (const lambda of [-1, NaN]) expect(() => barlowTwins(x, x, { lambda })).toThrow(InvalidOptionError);
    expect(() => barlowTwins(x, x, { eps: 0 })).toThrow(InvalidOptionError);
  });
});
