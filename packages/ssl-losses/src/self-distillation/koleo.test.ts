import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import { prototypes } from '../../../../test/golden/losses/prototypes.js';
import {
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  ofLargest,
  sum,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { koleo } from './koleo.js';

/** Equation 2 by loops in float64: losses of the rows. */
function naive(x: Rows, { p = 2, eps = 1e-8 } = {}): number[] {
  const rows = x.map(unit);
  return rows.map((row, i) => {
    const cosines = rows.map((other, j) => (i === j ? -2 : dot(row, other)));
    const nearest = rows[cosines.indexOf(Math.max(...cosines))]!;
    const steps = row.map((value, d) => Math.abs(value - nearest[d]! + eps));
    const distance = p === Infinity ? Math.max(...steps) : sum(steps.map((step) => step ** p)) ** (1 / p);
    return -Math.log(distance + eps);
  });
}

describe.each(['eager', 'compiled'] as const)('koleo against lightly, %s', (mode) => {
  it.each(prototypes.koleo.map(({ options, inputs }, index) => [index, options, inputs[0]!.shape] as const))(
    'case %i, %j, %j',
    async (index, options) => {
      await expectGolden(mode, prototypes.koleo[index]!, (x) => koleo(x as tf.Tensor2D, options), 2e-5);
    },
  );
});

it.each([
  [6, 3, {}],
  [4, 5, { p: 1 }],
  [5, 4, { p: 2.5, eps: 0.01 }],
  [7, 4, { p: Infinity }],
])('koleo against loops: %i rows of %i, %j', async (batch, dim, options) => {
  const x = draw(batch, batch, dim);
  const expected = naive(x, options);
  expect(koleo(tf.tensor2d(x), { ...options, reduction: 'none' })).toBeAllClose(expected, { atol: 1e-5 });
  expect(koleo(tf.tensor2d(x), { ...options, reduction: 'sum' })).toBeAllClose(sum(expected), { atol: 1e-5 });
  const [, gradient] = await lossAndGradients('eager', (z) => koleo(z!, options), [tf.tensor2d(x)]);
  const slope = finiteDifferences((z) => mean(naive(z, options)), x);
  expect(gradient!).toBeAllClose(slope, ofLargest(slope.flat(), 2e-5));
});

it('koleo: order of rows, lengths and rotations change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 2, max: 8 }), (seed, batch) => {
      const x = draw(seed, batch, 4);
      const random = new RandomStream(randomKey(seed));
      const [order, angle] = [[...random.permutation(batch)], random.uniform(0, 6)];
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const turned = x.map(([a, b, c, d]) => [a! * cos - b! * sin, a! * sin + b! * cos, c!, d!]);
      const plain = koleo(tf.tensor2d(x));
      const close = { rtol: 1e-4, atol: 1e-4 };
      expect(koleo(tf.tensor2d(order.map((i) => x[i]!)))).toBeAllClose(plain, close);
      expect(koleo(tf.tensor2d(x.map((row, i) => row.map((value) => value * (i + 0.5)))))).toBeAllClose(plain, close);
      expect(koleo(tf.tensor2d(turned))).toBeAllClose(plain, close);
    }),
    { seed: 3, numRuns: 25 },
  ));

describe('koleo at the edges', () => {
  it.each(extremes(4))('%s', async (name, z) => {
    // Zero rows, which have no direction, are equal ones: as far apart as eps on each axis.
    const expected = name === 'zero rows' ? -Math.log((Math.sqrt(3) + 1) * 1e-8) : mean(naive(z));
    // Rows of one direction and other lengths are equal up to float32's rounding, which is above eps.
    const atol = name === 'one live column' ? 1 : 1e-4;
    expect(await expectFinite((x) => koleo(x!), [z])).toBeAllClose(expected, { atol });
  });

  it.each([1, 3, 40, Infinity])('equal rows with degree %d', async (p) => {
    const loss = await expectFinite(
      (x) => koleo(x!, { p }),
      [
        [
          [1, 2],
          [1, 2],
        ],
      ],
    );
    expect(loss).toBeAllClose(-Math.log((2 ** (1 / p) + 1) * 1e-8), { rtol: 1e-3 });
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 2]) as tf.Tensor2D;
    expect(() => koleo(tf.zeros([1, 2]))).toThrow(ShapeError);
    expect(() => koleo(tf.zeros([3]) as never)).toThrow('koleo: x must be float32 [batch, dim], got float32 [3]');
    for (const options of [{ p: 0.5 }, { p: NaN }, { eps: 0 }, { reduction: 'median' as 'mean' }])
      expect(() => koleo(x, options)).toThrow(InvalidOptionError);
  });
});
