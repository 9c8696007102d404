import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  contrastive,
  cosine,
  draw,
  expectFinite,
  expectGolden,
  expectSlopes,
  extremes,
  logSumExp,
  mean,
  modes,
  sum,
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { dcl } from './dcl.js';
import { dclw } from './dclw.js';

/** Equation 6 of the paper by loops in float64. */
function naive(first: Rows, second: Rows, temperature: number, weights = first.map(() => 1)): number[] {
  const z = [...first, ...second];
  const n = first.length;
  return z.map((anchor, i) => {
    const scores = z.map((row) => cosine(anchor, row) / temperature);
    return logSumExp(scores.filter((_, j) => j % n !== i % n)) - weights[i % n]! * scores[(i + n) % (2 * n)]!;
  });
}

const misesFisher = (first: Rows, second: Rows, sigma: number): number[] => {
  const terms = first.map((row, i) => Math.exp(cosine(row, second[i]!) / sigma));
  return terms.map((term) => 2 - (first.length * term) / sum(terms));
};

const distance = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor1D => tf.sum(tf.squaredDifference(a, b), 1);

describe.each(modes)('dcl and dclw against lightly, %s', (mode) => {
  const pair = (x: tf.Tensor[]): [tf.Tensor2D, tf.Tensor2D] => x as never;
  it.each(contrastive.dcl.map(({ options }, index) => [index, options.temperature] as const))(
    'dcl, case %i, temperature %d',
    async (index) => {
      const golden = contrastive.dcl[index]!;
      await expectGolden(mode, golden, (...x) => dcl(...pair(x), golden.options));
      await expectGolden(mode, golden, (...x) => dcl(...pair(x), { ...golden.options, blockRows: 3 }));
    },
  );

  it('weights of the caller, through which gradients flow', async () => {
    const golden = contrastive.weightedDcl[0]!;
    await expectGolden(mode, golden, (...x) => dcl(...pair(x), { ...golden.options, weight: distance }));
  });

  it.each(contrastive.dclw.map((_, index) => index))('dclw, case %i', async (index) => {
    const golden = contrastive.dclw[index]!;
    await expectGolden(mode, golden, (...x) => dclw(...pair(x), golden.options));
  });
});

describe('dcl and dclw against loops', () => {
  const [first, second] = [draw(1, 5, 3), draw(2, 5, 3)];
  it.each([0.1, 1, 0.01])('temperature %d', async (temperature) => {
    const [a, b] = [tf.tensor2d(first), tf.tensor2d(second)];
    const close = { rtol: 1e-5, atol: 2e-5 };
    expect(dcl(a, b, { temperature, reduction: 'none' })).toBeAllClose(naive(first, second, temperature), close);
    const weights = misesFisher(first, second, 0.3);
    expect(dclw(a, b, { temperature, sigma: 0.3, reduction: 'none' })).toBeAllClose(
      naive(first, second, temperature, weights),
      close,
    );
    await expectSlopes(
      (x, y) => dcl(x!, y!, { temperature }),
      (x, y) => mean(naive(x!, y!, temperature)),
      [first, second],
      1e-4,
    );
    await expectSlopes(
      (x, y) => dclw(x!, y!, { temperature, sigma: 0.3 }),
      (x, y) => mean(naive(x!, y!, temperature, weights)),
      [first, second],
      1e-4,
    );
  });

  it('neither the order of views and images, rotations nor lengths matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = new RandomStream(randomKey(seed));
        const views = [draw(seed, 4, 3), draw(seed + 1, 4, 3)];
        const order = [...random.permutation(4)];
        const angle = random.uniform(0, 6);
        const [a, b] = views.map((rows) =>
          order.map((i) => {
            const [x, y, w] = rows[i]!;
            const factor = random.uniform(0.1, 9);
            return [x! * Math.cos(angle) - y! * Math.sin(angle), x! * Math.sin(angle) + y! * Math.cos(angle), w!].map(
              (value) => value * factor,
            );
          }),
        );
        for (const loss of [dcl, dclw])
          expect(loss(tf.tensor2d(b!), tf.tensor2d(a!))).toBeAllClose(
            loss(tf.tensor2d(views[0]!), tf.tensor2d(views[1]!)),
            { rtol: 2e-5, atol: 2e-5 },
          );
      }),
      { seed: 5, numRuns: 20 },
    ));
});

describe('dcl and dclw at the edges', () => {
  it.each(extremes(4))('%s are finite', async (_name, rows) => {
    await expectFinite((a, b) => dcl(a!, b!, { temperature: 0.01 }), [rows, rows]);
    await expectFinite((a, b) => dclw(a!, b!, { temperature: 0.01, sigma: 0.01 }), [rows, rows]);
  });

  it('names what is wrong', () => {
    const x = tf.ones([3, 2]) as tf.Tensor2D;
    expect(() => dcl(x, tf.ones([2, 2]))).toThrow('dcl: second must be float32 [3, 2]');
    expect(() => dcl(tf.ones([1, 2]), tf.ones([1, 2]))).toThrow('two or more images');
    expect(() => dcl(x, x, { weight: (a) => tf.sum(a, 0) })).toThrow(ShapeError);
    expect(() => dcl(x, x, { temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => dclw(x, x, { sigma: -1 })).toThrow('dclw: sigma must be positive and finite');
  });
});
