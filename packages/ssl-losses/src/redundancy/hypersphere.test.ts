import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  redundancy,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { hypersphere } from './hypersphere.js';

const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((x, i) => x - b[i]!));

/** The loss by loops in float64. */
function naive(zA: Rows, zB: Rows, t: number, lambda: number, alpha: number): number {
  const [a, b] = [zA.map(unit), zB.map(unit)];
  const even = (z: Rows): number =>
    Math.log(mean(z.flatMap((x, i) => z.slice(i + 1).map((y) => Math.exp(-t * distance(x, y) ** 2)))));
  return mean(a.map((row, i) => distance(row, b[i]!) ** alpha)) + (lambda * (even(a) + even(b))) / 2;
}

describe.each(['eager', 'compiled'] as const)('hypersphere against lightly, %s', (mode) => {
  it.each(redundancy.hypersphere.map(({ options }, index) => [index, options] as const))(
    'case %i, %j',
    async (index, options) => {
      await expectGolden(mode, redundancy.hypersphere[index]!, (a, b) =>
        hypersphere(a as tf.Tensor2D, b as tf.Tensor2D, options),
      );
    },
  );
});

it.each([
  [4, 3, 1, 1, 2],
  [2, 5, 3, 0.5, 1],
  [6, 2, 0.5, 2, 4],
])('hypersphere against loops: %i rows of %i, t %d, lambda %d, alpha %d', async (batch, dim, t, lambda, alpha) => {
  const [zA, zB] = [draw(batch, batch, dim), draw(batch + 1, batch, dim)];
  const [loss, ...gradients] = await lossAndGradients('eager', (a, b) => hypersphere(a!, b!, { t, lambda, alpha }), [
    tf.tensor2d(zA),
    tf.tensor2d(zB),
  ]);
  expect(loss!).toBeAllClose(naive(zA, zB, t, lambda, alpha));
  const close = { rtol: 1e-4, atol: 1e-5 } as const;
  expect(gradients[0]!).toBeAllClose(
    finiteDifferences((a) => naive(a, zB, t, lambda, alpha), zA),
    close,
  );
  expect(gradients[1]!).toBeAllClose(
    finiteDifferences((b) => naive(zA, b, t, lambda, alpha), zB),
    close,
  );
});

it('hypersphere: order of views and images, a common rotation and lengths of rows change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 2, max: 7 }), (seed, batch) => {
      const [zA, zB] = [draw(seed, batch, 3), draw(seed + 1, batch, 3)];
      const random = new RandomStream(randomKey(seed + 2));
      const run = (a: Rows, b: Rows): tf.Scalar => hypersphere(tf.tensor2d(a), tf.tensor2d(b));
      const plain = run(zA, zB);
      const close = { rtol: 2e-5, atol: 5e-6 } as const;
      expect(run(zB, zA)).toBeAllClose(plain, close);
      const order = [...random.permutation(batch)];
      expect(
        run(
          order.map((i) => zA[i]!),
          order.map((i) => zB[i]!),
        ),
      ).toBeAllClose(plain, close);
      const [c, s] = [Math.cos(seed), Math.sin(seed)];
      const turned = (z: Rows): Rows => z.map(([x, y, w]) => [c * x! - s * y!, s * x! + c * y!, w!]);
      expect(run(turned(zA), turned(zB))).toBeAllClose(plain, close);
      expect(
        run(
          zA.map((row, i) => row.map((x) => x * (i + 0.5))),
          zB,
        ),
      ).toBeAllClose(plain, close);
    }),
    { seed: 4, numRuns: 25 },
  ));

describe('hypersphere at the edges', () => {
  it.each(extremes(4))('%s', async (name, z) => {
    const loss = await expectFinite((a, b) => hypersphere(a!, b!, { alpha: 1, t: 20 }), [z, z]);
    const expected = name.endsWith('rows') ? 0 : naive(z, z, 20, 1, 1);
    expect(loss).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-4 });
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => hypersphere(x, tf.zeros([2, 4]))).toThrow(
      'hypersphere: zB must be float32 [3, 4], got float32 [2, 4]',
    );
    expect(() => hypersphere(tf.zeros([1, 4]), tf.zeros([1, 4]))).toThrow(ShapeError);
    for (const options of [{ t: 0 }, { alpha: -1 }, { lambda: NaN }])
      expect(() => hypersphere(x, x, options)).toThrow(InvalidOptionError);
  });
});
