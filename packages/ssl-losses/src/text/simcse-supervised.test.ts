import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
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
import { simcseSupervised } from './simcse-supervised.js';

/** Equation 5 of the paper, with the weight, by loops in float64. */
const naive = (h: Rows, p: Rows, n: Rows, temperature: number, weight = 0): number[] =>
  h.map((row, i) => {
    const positive = p.map((other) => cosine(row, other) / temperature);
    const hard = n.map((other, j) => cosine(row, other) / temperature + (i === j ? weight : 0));
    return logSumExp([...positive, ...hard]) - positive[i]!;
  });

const parts = (x: tf.Tensor[]): [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D] => x as never;
const rows = [draw(1, 5, 3), draw(2, 5, 3), draw(3, 5, 3)] as const;

describe.each(modes)("simcseSupervised against the authors' formula, %s", (mode) => {
  it.each(contrastive.simcseHard.map(({ options }, index) => [index, options.hardNegativeWeight] as const))(
    'case %i, weight %d',
    async (index) => {
      const golden = contrastive.simcseHard[index]!;
      await expectGolden(mode, golden, (...x) => simcseSupervised(...parts(x), golden.options));
    },
  );
});

describe('simcseSupervised', () => {
  it.each([
    [0.05, 0],
    [0.2, 1],
    [0.01, -3],
  ])('is the loops at temperature %d, weight %d', async (temperature, hardNegativeWeight) => {
    const options = { temperature, hardNegativeWeight };
    expect(simcseSupervised(...parts(rows.map((x) => tf.tensor2d(x))), { ...options, reduction: 'none' })).toBeAllClose(
      naive(...rows, temperature, hardNegativeWeight),
      { rtol: 1e-5, atol: 2e-5 },
    );
    await expectSlopes(
      (...x) => simcseSupervised(...parts(x), options),
      (h, p, n) => mean(naive(h!, p!, n!, temperature, hardNegativeWeight)),
      rows,
      1e-4,
    );
  });

  it('neither the order of the triplets nor lengths matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = new RandomStream(randomKey(seed));
        const order = [...random.permutation(5)];
        const changed = rows.map((x) =>
          tf.tensor2d(
            order.map((i) => {
              const factor = random.uniform(0.1, 9);
              return x[i]!.map((value) => value * factor);
            }),
          ),
        );
        const options = { hardNegativeWeight: 0.7 };
        expect(simcseSupervised(...parts(changed), options)).toBeAllClose(
          simcseSupervised(...parts(rows.map((x) => tf.tensor2d(x))), options),
          { rtol: 2e-5, atol: 2e-5 },
        );
      }),
      { seed: 5, numRuns: 20 },
    ));

  it.each([...extremes(4), ['a single row', draw(7, 1, 3)] as const])('%s are finite', async (_name, x) => {
    await expectFinite(
      (...t) => simcseSupervised(...parts(t), { temperature: 0.01, hardNegativeWeight: 2 }),
      [x, x, x],
    );
  });

  it('names what is wrong', () => {
    const x = tf.ones([3, 2]) as tf.Tensor2D;
    expect(() => simcseSupervised(x, x, tf.ones([2, 2]))).toThrow('hardNegatives must be float32 [3, 2]');
    expect(() => simcseSupervised(x, x, x, { hardNegativeWeight: NaN })).toThrow(InvalidOptionError);
    expect(() => simcseSupervised(x, x, x, { temperature: -1 })).toThrow(InvalidOptionError);
  });
});
