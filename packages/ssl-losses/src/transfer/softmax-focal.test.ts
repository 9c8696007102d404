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
  logSoftmax,
  mean,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { transfer } from '../../../../test/golden/losses/transfer.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';
import { softmaxFocal } from './softmax-focal.js';

const [labels, alpha] = [
  [2, 0, 1],
  [0.5, 2, 1, 3],
];
const y = (): tf.Tensor1D => tf.tensor1d(labels, 'int32');
const naive = (logits: Rows, gamma: number): number[] =>
  logits.map((row, i) => {
    const score = logSoftmax(row)[labels[i]!]!;
    return -alpha[labels[i]!]! * (1 - Math.exp(score)) ** gamma * score;
  });

describeGoldens('softmaxFocal', transfer.softmaxFocal, ([x], [z, weights], options) =>
  softmaxFocal(x as tf.Tensor2D, z as tf.Tensor1D, {
    ...options,
    ...(weights !== undefined && { alpha: weights as tf.Tensor1D }),
  }),
);

describe('softmaxFocal', () => {
  it.each([1, 2, 2.5])('agrees with loops, gamma %d', (gamma) =>
    expectAsNaive(
      (x) => softmaxFocal(x, y(), { gamma, alpha: tf.tensor1d(alpha) }),
      (x) => mean(naive(x, gamma)),
      draw(1, 3, 4, 2),
    ),
  );

  it('is cross-entropy at gamma 0; ignored rows do not count', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const rows = draw(seed, 3, 4, 2);
        const x = tf.tensor2d(rows);
        expect(softmaxFocal(x, y(), { gamma: 0 })).toBeAllClose(softmaxCrossEntropy(x, y()));
        const padded = tf.tensor2d([...rows, [9, 0, 0, 0]]);
        const more = tf.tensor1d([...labels, -1], 'int32');
        expect(softmaxFocal(padded, more, { ignoreIndex: -1 })).toBeAllClose(softmaxFocal(x, y()));
        const none = softmaxFocal(padded, more, { ignoreIndex: -1, alpha: tf.tensor1d(alpha), reduction: 'none' });
        expect(none).toBeAllClose([...naive(rows, 2), 0]);
      }),
      { seed: 34, numRuns: 25 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, x) => {
    for (const gamma of [0.5, 2, 2.5]) await expectFinite((z) => softmaxFocal(z!, y(), { gamma }), x);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => softmaxFocal(x, tf.zeros([3]))).toThrow(ShapeError);
    expect(() => softmaxFocal(x, y(), { alpha: tf.zeros([3]) as tf.Tensor1D })).toThrow(
      'alpha must be float32 [4], got float32 [3]',
    );
    expect(() => softmaxFocal(x, y(), { gamma: NaN })).toThrow(InvalidOptionError);
  });
});
