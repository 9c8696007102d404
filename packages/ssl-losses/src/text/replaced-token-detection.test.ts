import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  draw,
  expectAsNaive,
  expectFinite,
  extremes,
  sum,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { reconstruction } from '../../../../test/golden/losses/reconstruction.js';
import { replacedTokenDetection } from './replaced-token-detection.js';

const replaced = [
  [0, 1, 0, 1],
  [1, 0, 0, 0],
];
const tokens = [
  [1, 1, 1, 1],
  [1, 1, 0, 0],
];
const naive = (logits: Rows): number =>
  sum(
    logits.flatMap((row, i) => row.map((x, j) => tokens[i]![j]! * (Math.log(1 + Math.exp(x)) - replaced[i]![j]! * x))),
  ) / sum(tokens.flat());
const loss = (x: tf.Tensor2D): tf.Scalar =>
  replacedTokenDetection(x, tf.tensor2d(replaced), { tokenMask: tf.tensor2d(tokens) });

describeGoldens('replacedTokenDetection', reconstruction.replacedTokenDetection, ([logits], [truth, mask]) =>
  replacedTokenDetection(logits as tf.Tensor2D, truth as tf.Tensor2D, { tokenMask: mask as tf.Tensor2D }),
);

describe('replacedTokenDetection', () => {
  it('agrees with loops', () => expectAsNaive(loss, naive, draw(1, 2, 4, 2)));

  it('padding and the sign of both sides do not matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const x = draw(seed, 2, 4, 2);
        const noisy = x.map((row, i) => row.map((value, j) => (tokens[i]![j] === 1 ? value : 99)));
        expect(loss(tf.tensor2d(noisy))).toBeAllClose(naive(x));
        const [row, turned] = [tf.tensor2d(x), tf.sub(1, tf.tensor2d(replaced)) as tf.Tensor2D];
        expect(replacedTokenDetection(tf.neg(row), turned)).toBeAllClose(
          replacedTokenDetection(row, tf.cast(tf.tensor2d(replaced), 'bool')),
        );
      }),
      { seed: 27, numRuns: 25 },
    ));

  it.each(extremes(2, 4))('%s stay finite', async (_, x) => {
    await expectFinite((logits) => loss(logits!), x);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 4]) as tf.Tensor2D;
    expect(() => replacedTokenDetection(x, tf.zeros([2, 3]))).toThrow(
      'replacedTokenDetection: replaced must be float32 or int32 or bool [2, 4], got float32 [2, 3]',
    );
    expect(() => replacedTokenDetection(x, x, { tokenMask: tf.zeros([2]) as never })).toThrow(ShapeError);
  });
});
