import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  array,
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  redundancy,
  sum,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { co2 } from './co2.js';

/** The loss by loops in float64. */
function naive(zA: Rows, zB: Rows, temperature: number, bank?: Rows): number[] {
  const [a, b, negatives] = [zA.map(unit), zB.map(unit), bank?.map(unit)];
  const logits = (x: Rows, y: Rows, i: number): number[] => {
    const others = negatives ?? y.filter((_, j) => j !== i);
    const scores = [y[i]!, ...others].map((other) => dot(x[i]!, other) / temperature);
    const largest = Math.max(...scores);
    const total = Math.log(sum(scores.map((score) => Math.exp(score - largest)))) + largest;
    return scores.map((score) => score - total);
  };
  const divergence = (p: number[], q: number[]): number => sum(p.map((x, k) => Math.exp(x) * (x - q[k]!)));
  return a.map((_, i) => {
    const [p, q] = [logits(a, b, i), logits(b, a, i)];
    return (divergence(p, q) + divergence(q, p)) / 2;
  });
}

describe.each(['eager', 'compiled'] as const)('co2 against lightly, %s', (mode) => {
  it.each(redundancy.co2.map(({ options }, index) => [index, options] as const))(
    'case %i, %j',
    async (index, options) => {
      const golden = redundancy.co2[index]!;
      const bank = golden.negatives === undefined ? {} : { negatives: array(golden.negatives) as tf.Tensor2D };
      await expectGolden(
        mode,
        golden,
        (a, b) => co2(a as tf.Tensor2D, b as tf.Tensor2D, { ...options, ...bank }),
        // The temperature of 0.05 makes exponents of 20, whose rounding stays.
        1e-4,
      );
    },
  );
});

it.each([
  [4, 3, 0, 0.3],
  [3, 5, 6, 0.2],
  [1, 4, 2, 1],
])('co2 against loops: %i rows of %i, %i negatives, temperature %d', async (batch, dim, count, temperature) => {
  const [zA, zB] = [draw(batch, batch, dim), draw(batch + 1, batch, dim)];
  const bank = count === 0 ? undefined : draw(batch + 2, count, dim);
  const options = { temperature, alpha: 2, ...(bank === undefined ? {} : { negatives: tf.tensor2d(bank) }) };
  const inputs = [tf.tensor2d(zA), tf.tensor2d(zB)] as const;
  const expected = naive(zA, zB, temperature, bank).map((x) => 2 * x);
  expect(co2(...inputs, { ...options, reduction: 'none' })).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-6 });
  const [, ...gradients] = await lossAndGradients('eager', (a, b) => co2(a!, b!, options), inputs);
  const close = { rtol: 1e-4, atol: 2e-5 } as const;
  expect(gradients[0]!).toBeAllClose(
    finiteDifferences((a) => 2 * mean(naive(a, zB, temperature, bank)), zA),
    close,
  );
  expect(gradients[1]!).toBeAllClose(
    finiteDifferences((b) => 2 * mean(naive(zA, b, temperature, bank)), zB),
    close,
  );
});

it('co2: order of views, of images and of negatives and lengths of rows change nothing; equal views have none', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 6 }), (seed, batch) => {
      const [zA, zB, bank] = [draw(seed, batch, 3), draw(seed + 1, batch, 3), draw(seed + 2, 4, 3)];
      const random = new RandomStream(randomKey(seed));
      const run = (a: Rows, b: Rows, negatives?: Rows): tf.Scalar =>
        co2(tf.tensor2d(a), tf.tensor2d(b), {
          temperature: 0.5,
          ...(negatives === undefined ? {} : { negatives: tf.tensor2d(negatives) }),
        });
      const close = { rtol: 1e-4, atol: 2e-6 } as const;
      const order = [...random.permutation(batch)];
      for (const negatives of [undefined, bank]) {
        const plain = run(zA, zB, negatives);
        expect(run(zB, zA, negatives)).toBeAllClose(plain, close);
        expect(
          run(
            order.map((i) => zA[i]!),
            order.map((i) => zB[i]!),
            negatives?.toReversed(),
          ),
        ).toBeAllClose(plain, close);
        expect(
          run(
            zA.map((row, i) => row.map((x) => x * (i + 0.5))),
            zB,
            negatives,
          ),
        ).toBeAllClose(plain, close);
      }
      expect(run(zA, zA, bank)).toBeAllClose(0);
    }),
    { seed: 13, numRuns: 25 },
  ));

describe('co2 at the edges', () => {
  it.each(extremes(4))('%s', async (name, z) => {
    const loss = await expectFinite((a, b) => co2(a!, b!, { temperature: 0.01 }), [z, z.toReversed()]);
    // By the loops, whose rows must not be zero; signs alone are left of a live column.
    const expected = name === 'zero rows' ? 0 : mean(naive(z, z.toReversed(), 0.01));
    expect(loss).toBeAllClose(expected, { rtol: 1e-3, atol: 1e-6 });
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => co2(x, tf.zeros([3, 5]))).toThrow('co2: zB must be float32 [3, 4], got float32 [3, 5]');
    expect(() => co2(x, x, { negatives: tf.zeros([2, 5]) })).toThrow('negatives must be float32 [k, 4]');
    expect(() => co2(x, x, { temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => co2(x, x, { alpha: -1 })).toThrow(InvalidOptionError);
  });
});
