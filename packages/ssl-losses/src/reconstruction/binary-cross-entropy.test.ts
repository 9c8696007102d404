import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  draw,
  expectAsNaive,
  expectFinite,
  extremes,
  mean,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { reconstruction } from '../../../../test/golden/losses/reconstruction.js';
import { binaryCrossEntropy } from './binary-cross-entropy.js';

const sigmoid = (rows: Rows): Rows => rows.map((row) => row.map((x) => 1 / (1 + Math.exp(-x))));
const naive = (p: Rows, t: Rows, weight: number): number =>
  mean(p.flatMap((row, i) => row.map((x, d) => -weight * t[i]![d]! * Math.log(x) - (1 - t[i]![d]!) * Math.log(1 - x))));

describeGoldens('binaryCrossEntropy', reconstruction.binaryCrossEntropy, ([prediction], [target], options) =>
  binaryCrossEntropy(prediction!, target!, options),
);

describe('binaryCrossEntropy', () => {
  const [logits, target] = [draw(1, 3, 4, 2), sigmoid(draw(2, 3, 4))];

  it.each([1, 2.5])('agrees with loops, weight %d', async (positiveWeight) => {
    const t = tf.tensor2d(target);
    await expectAsNaive(
      (x) => binaryCrossEntropy(x, t, { positiveWeight }),
      (x) => naive(sigmoid(x), target, positiveWeight),
      logits,
    );
    const options = { positiveWeight, from: 'probabilities' } as const;
    await expectAsNaive(
      (p) => binaryCrossEntropy(p, t, options),
      (p) => naive(p, target, positiveWeight),
      sigmoid(logits),
    );
    await expectAsNaive(
      (each) => binaryCrossEntropy(tf.tensor2d(sigmoid(logits)), each, options),
      (each) => naive(sigmoid(logits), each, positiveWeight),
      target,
    );
  });

  it('gives a value for each sample', () => {
    const none = binaryCrossEntropy(tf.tensor2d(logits), tf.tensor2d(target), { reduction: 'none' });
    expect(none).toBeAllClose(logits.map((row, i) => naive(sigmoid([row]), [target[i]!], 1)));
  });

  it('is the same for logits and for their probabilities, and turning both signs', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [x, t] = [tf.tensor2d(draw(seed, 3, 4, 2)), tf.tensor2d(sigmoid(draw(seed + 1, 3, 4)))];
        const expected = binaryCrossEntropy(x, t);
        expect(binaryCrossEntropy(tf.sigmoid(x), t, { from: 'probabilities' })).toBeAllClose(expected);
        expect(binaryCrossEntropy(tf.neg(x), tf.sub(1, t))).toBeAllClose(expected);
      }),
      { seed: 26, numRuns: 25 },
    ));

  it.each(extremes(3, 4))('%s as logits stay finite', async (_, x) => {
    for (const t of [0, 0.5, 1]) await expectFinite((scores) => binaryCrossEntropy(scores!, tf.fill([3, 4], t)), x);
  });

  it('is linear far out and has the slope p - t at 0', async () => {
    expect(binaryCrossEntropy(tf.tensor2d([[6e4, -6e4]]), tf.tensor2d([[0, 1]]))).toBeAllClose(6e4);
    expect(binaryCrossEntropy(tf.tensor2d([[6e4, -6e4]]), tf.tensor2d([[1, 0]]))).toBeAllClose(0);
    const slope = tf.grad((x) => binaryCrossEntropy(x, tf.tensor2d([[1, 0]])))(tf.zeros([1, 2]));
    expect(slope).toBeAllClose([[-0.25, 0.25]]);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3]);
    expect(() => binaryCrossEntropy(x, tf.zeros([2]))).toThrow(ShapeError);
    expect(() => binaryCrossEntropy(x, x, { from: 'scores' as 'logits' })).toThrow(
      "binaryCrossEntropy: from must be 'logits' or 'probabilities', got 'scores'",
    );
    expect(() => binaryCrossEntropy(x, x, { positiveWeight: 0 })).toThrow(InvalidOptionError);
  });
});
