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
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { macl } from './macl.js';
import { ntXent } from './nt-xent.js';

/** `-log P_i` at a temperature, by loops in float64. */
function surprises(first: Rows, second: Rows, temperature: number): number[] {
  const z = [...first, ...second];
  const n = first.length;
  return z.map((anchor, i) => {
    const scores = z.map((row) => cosine(anchor, row) / temperature);
    return logSumExp(scores.filter((_, j) => j !== i)) - scores[(i + n) % (2 * n)]!;
  });
}
const temperatureOf = (first: Rows, second: Rows, temperature: number, alpha: number, a0: number): number =>
  temperature * (1 + alpha * (mean(first.map((row, i) => cosine(row, second[i]!))) - a0));
const weightsOf = (losses: readonly number[]): number[] => losses.map((loss) => 1 / (1 - Math.exp(-loss) + 1e-8));

const pair = (x: tf.Tensor[]): [tf.Tensor2D, tf.Tensor2D] => x as never;
const [first, second] = [draw(1, 5, 3), draw(2, 5, 3)];

describe.each(modes)('macl against lightly, %s', (mode) => {
  it.each(contrastive.macl.map((_, index) => index))('case %i', async (index) => {
    const golden = contrastive.macl[index]!;
    await expectGolden(mode, golden, (...x) => macl(...pair(x), golden.options));
    await expectGolden(mode, golden, (...x) => macl(...pair(x), { ...golden.options, blockRows: 3 }));
  });
});

describe('macl', () => {
  it.each([
    [0.1, 0.5, 0],
    [0.5, 1, 0.4],
    [0.05, 0, 0.9],
  ])('is the loops at temperature %d, alpha %d, a0 %d', async (temperature, alpha, a0) => {
    const options = { temperature, alpha, a0 };
    const heat = temperatureOf(first, second, temperature, alpha, a0);
    const losses = surprises(first, second, heat);
    const weights = weightsOf(losses);
    expect(macl(tf.tensor2d(first), tf.tensor2d(second), { ...options, reduction: 'none' })).toBeAllClose(
      losses.map((loss, i) => weights[i]! * loss),
      { rtol: 2e-5, atol: 1e-5 },
    );
    // The temperature and the weights are constants to the gradient.
    await expectSlopes(
      (x, y) => macl(x!, y!, options),
      (x, y) => mean(surprises(x!, y!, heat).map((loss, i) => weights[i]! * loss)),
      [first, second],
      1e-4,
    );
  });

  it('is the weighted ntXent where alpha is 0', () => {
    const [a, b] = [tf.tensor2d(first), tf.tensor2d(second)];
    const losses = ntXent([a, b], { temperature: 0.1, reduction: 'none' });
    const weights = tf.div(1, tf.sub(1, tf.exp(tf.neg(losses))));
    expect(macl(a, b, { alpha: 0, reduction: 'none' })).toBeAllClose(tf.mul(losses, weights), { rtol: 1e-4 });
  });

  it('neither the order of views and images nor lengths matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const order = [...new RandomStream(randomKey(seed)).permutation(5)];
        const [x, y] = [draw(seed, 5, 3), draw(seed + 1, 5, 3)];
        const ordered = (rows: Rows): tf.Tensor2D => tf.tensor2d(order.map((i) => rows[i]!.map((v) => v * (i + 1))));
        expect(macl(ordered(y), ordered(x))).toBeAllClose(macl(tf.tensor2d(x), tf.tensor2d(y)), {
          rtol: 5e-5,
          atol: 5e-5,
        });
      }),
      { seed: 5, numRuns: 20 },
    ));
});

describe('macl at the edges', () => {
  it.each(extremes(4))('%s are finite', async (_name, rows) => {
    await expectFinite((x, y) => macl(x!, y!, { temperature: 0.1 }), [rows, rows]);
  });

  it('opposite views with alpha 1 leave the least temperature instead of none', async () => {
    const away = first.map((row) => row.map((x) => -x));
    const loss = await expectFinite((x, y) => macl(x!, y!, { alpha: 1 }), [first, away]);
    expect(loss).toBeGreaterThan(1000);
  });

  it('names what is wrong', () => {
    const x = tf.ones([3, 2]) as tf.Tensor2D;
    expect(() => macl(x, tf.ones([2, 2]))).toThrow('macl: second must be float32 [3, 2]');
    expect(() => macl(tf.ones([1, 2]), tf.ones([1, 2]))).toThrow(ShapeError);
    expect(() => macl(x, x, { alpha: 1.5 })).toThrow('macl: alpha must be in [0, 1]');
    expect(() => macl(x, x, { a0: -0.1 })).toThrow(InvalidOptionError);
    expect(() => macl(x, x, { temperature: 0 })).toThrow(InvalidOptionError);
  });
});
