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
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { vicreg, vicregDefaults } from './vicreg.js';

/** Equations 1 to 6 by loops in float64. */
function naive(zA: Rows, zB: Rows, options: Parameters<typeof vicreg>[2] = {}): number {
  const { lambda, mu, nu, eps } = { ...vicregDefaults, ...options };
  const distance = mean(zA.map((row, i) => mean(row.map((x, j) => (x - zB[i]![j]!) ** 2))));
  let [hinges, covariances] = [0, 0];
  for (const z of [zA, zB]) {
    const columns = transposed(z).map((column) => column.map((x) => x - mean(column)));
    const covariance = columns.map((a) => columns.map((b) => dot(a, b) / (z.length - 1)));
    hinges += mean(covariance.map((row, i) => Math.max(0, 1 - Math.sqrt(row[i]! + eps)))) / 2;
    covariance.forEach((row, i) =>
      row.forEach((value, j) => {
        if (i !== j) covariances += value ** 2 / columns.length;
      }),
    );
  }
  return lambda * distance + mu * hinges + nu * covariances;
}

describe.each(['eager', 'compiled'] as const)('vicreg against lightly, %s', (mode) => {
  it.each(redundancy.vicreg.map(({ options, inputs }, index) => [index, options, inputs[0]!.shape] as const))(
    'case %i, %j, %j',
    async (index, options) => {
      await expectGolden(mode, redundancy.vicreg[index]!, (a, b) => vicreg(a!, b!, options));
    },
  );
});

describe('vicreg against loops', () => {
  it.each([
    [4, 3, {}],
    [3, 9, { lambda: 0, mu: 0, nu: 7 }],
    [12, 5, { lambda: 1, mu: 30, nu: 2, eps: 0.1 }],
  ])('%i rows of %i features, %j', async (batch, dim, options) => {
    const [zA, zB] = [draw(batch, batch, dim, 0.7), draw(batch + 1, batch, dim, 0.7)];
    const [loss, ...gradients] = await lossAndGradients('eager', (a, b) => vicreg(a!, b!, options), [
      tf.tensor2d(zA),
      tf.tensor2d(zB),
    ]);
    expect(loss!).toBeAllClose(naive(zA, zB, options));
    const expected = [
      finiteDifferences((a) => naive(a, zB, options), zA),
      finiteDifferences((b) => naive(zA, b, options), zB),
    ];
    expected.forEach((slope, i) => expect(gradients[i]!).toBeAllClose(slope, ofLargest(slope.flat(), 2e-5)));
  });

  it('places have statistics of their own', () => {
    const [zA, zB] = [draw(5, 4, 6), draw(6, 4, 6)];
    const place = (z: Rows, at: number): Rows => z.map((row) => row.slice(3 * at, 3 * at + 3));
    expect(vicreg(tf.reshape(tf.tensor2d(zA), [4, 2, 3]), tf.reshape(tf.tensor2d(zB), [4, 2, 3]))).toBeAllClose(
      mean([0, 1].map((at) => naive(place(zA, at), place(zB, at)))),
    );
  });
});

it('vicreg: order of views, of images and of features, and a common offset change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 2, max: 8 }), (seed, batch) => {
      const [zA, zB] = [draw(seed, batch, 4), draw(seed + 1, batch, 4)];
      const random = new RandomStream(randomKey(seed + 2));
      const run = (a: Rows, b: Rows): tf.Scalar => vicreg(tf.tensor2d(a), tf.tensor2d(b));
      const plain = run(zA, zB);
      expect(run(zB, zA)).toBeAllClose(plain);
      const order = [...random.permutation(batch)];
      expect(
        run(
          order.map((i) => zA[i]!),
          order.map((i) => zB[i]!),
        ),
      ).toBeAllClose(plain);
      const turned = (z: Rows): Rows => z.map(([a, b, c, d]) => [d!, a!, b!, c!]);
      expect(run(turned(zA), turned(zB))).toBeAllClose(plain);
      const moved = (z: Rows): Rows => z.map((row) => row.map((x, j) => x + j));
      expect(run(moved(zA), moved(zB))).toBeAllClose(plain, { rtol: 3e-5 });
    }),
    { seed: 3, numRuns: 25 },
  ));

describe('vicreg at the edges', () => {
  it.each(extremes(4))('%s', async (_name, z) => {
    const other = z.map((row) => row.map((x) => x * 1.5));
    const [loss, expected] = [await expectFinite((a, b) => vicreg(a!, b!), [z, other]), naive(z, other)];
    expect(loss).toBeAllClose(expected, { rtol: 1e-4 });
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]);
    expect(() => vicreg(x, tf.zeros([3, 5]))).toThrow('vicreg: zB must be float32 [3, 4], got float32 [3, 5]');
    expect(() => vicreg(tf.zeros([4]), tf.zeros([4]))).toThrow('zA must be float32 [batch, dim], got float32 [4]');
    expect(() => vicreg(tf.zeros([1, 4]), tf.zeros([1, 4]))).toThrow(ShapeError);
    for (const options of [{ lambda: -1 }, { mu: NaN }, { nu: Infinity }, { eps: 0 }])
      expect(() => vicreg(x, x, options)).toThrow(InvalidOptionError);
  });
});
