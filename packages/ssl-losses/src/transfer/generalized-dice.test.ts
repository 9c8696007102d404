import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  draw,
  expectAsNaive,
  expectFinite,
  extremes,
  logSoftmax,
  sum,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { transfer } from '../../../../test/golden/losses/transfer.js';
import '../../../../test/support/to-be-all-close.js';
import { generalizedDice } from './generalized-dice.js';

const labels = [2, 0, 2, 2, 0];
/** One sample of five places; class 1 is absent and takes the weight of the rarest class. */
const weights = { square: [1 / 4, 1 / 4, 1 / 9], simple: [1 / 2, 1 / 2, 1 / 3], uniform: [1, 1, 1] };
const naive = (logits: Rows, weighting: keyof typeof weights): number => {
  const p = logits.map((row) => logSoftmax(row).map(Math.exp));
  const over = (term: (share: number, truth: number) => number): number =>
    sum(weights[weighting].map((w, c) => w * sum(p.map((row, i) => term(row[c]!, labels[i] === c ? 1 : 0)))));
  return 1 - (2 * over((share, truth) => share * truth) + 1e-5) / (over((share, truth) => share + truth) + 1e-5);
};
const y = (): tf.Tensor2D => tf.tensor2d([labels], [1, 5], 'int32');

describeGoldens('generalizedDice', transfer.generalizedDice, ([x], [t], options) => generalizedDice(x!, t!, options));

describe('generalizedDice', () => {
  it.each(['square', 'simple', 'uniform'] as const)('agrees with loops, weights %s', (weighting) =>
    expectAsNaive(
      (x) => generalizedDice(tf.expandDims(x), y(), { weighting }),
      (x) => naive(x, weighting),
      draw(1, 5, 3, 2),
    ),
  );

  it('a sample does not depend on its neighbours, unless the batch is one', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [a, b] = [draw(seed, 5, 3), draw(seed + 1, 5, 3)];
        const both = tf.tensor2d([labels, labels], [2, 5], 'int32');
        const none = generalizedDice(tf.tensor3d([a, b]), both, { reduction: 'none' });
        expect(none).toBeAllClose([naive(a, 'square'), naive(b, 'square')]);
        const twice = generalizedDice(tf.tensor3d([a, a]), both, { batch: true, smoothNumerator: 0 });
        expect(twice).toBeAllClose(generalizedDice(tf.tensor3d([a]), y(), { smoothNumerator: 0 }), { rtol: 1e-4 });
      }),
      { seed: 42, numRuns: 25 },
    ));

  it.each(extremes(5, 3))('%s stay finite', async (_, x) => {
    await expectFinite((z) => generalizedDice(tf.expandDims(z!), y()), x);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 4, 3]);
    expect(() => generalizedDice(x, tf.zeros([2, 4]))).toThrow(
      'generalizedDice: target must be float32 or int32 [2, 4, 3]',
    );
    expect(() => generalizedDice(x, x, { weighting: 'cube' as 'square' })).toThrow(InvalidOptionError);
    expect(() => generalizedDice(x, x, { batch: true, reduction: 'none' })).toThrow(InvalidOptionError);
  });
});
