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
  mean,
  sum,
} from '../../../../test/golden/losses/cases.js';
import { reconstruction } from '../../../../test/golden/losses/reconstruction.js';
import { meanSquaredError } from './mean-squared-error.js';

describeGoldens('meanSquaredError', reconstruction.meanSquaredError, ([prediction, target], _, options) =>
  meanSquaredError(prediction!, target!, options),
);

describe('meanSquaredError', () => {
  const [x, target] = [draw(1, 3, 4), draw(2, 3, 4)];
  const rows = x.map((row, i) => row.map((value, d) => (value - target[i]![d]!) ** 2));

  it('agrees with loops in every reduction', async () => {
    const t = tf.tensor2d(target);
    await expectAsNaive(
      (p) => meanSquaredError(p, t),
      (p) => mean(p.flatMap((row, i) => row.map((value, d) => (value - target[i]![d]!) ** 2))),
      x,
    );
    const p = tf.tensor2d(x);
    expect(meanSquaredError(p, t, { reduction: 'none' })).toBeAllClose(rows.map(mean));
    expect(meanSquaredError(p, t, { reduction: 'none', elements: 'sum' })).toBeAllClose(rows.map(sum));
    expect(meanSquaredError(p, t, { reduction: 'sum', elements: 'sum' })).toBeAllClose(sum(rows.map(sum)));
  });

  it('grows with the square of the scale and is symmetric', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0.1, max: 50, noNaN: true }), (seed, scale) => {
        const [a, b] = [tf.tensor2d(draw(seed, 3, 4)), tf.tensor2d(draw(seed + 1, 3, 4))];
        const expected = tf.mul(meanSquaredError(a, b), scale ** 2);
        expect(meanSquaredError(tf.mul(b, scale), tf.mul(a, scale))).toBeAllClose(expected);
      }),
      { seed: 25, numRuns: 25 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, z) => {
    await expectFinite((p) => meanSquaredError(p!, tf.zerosLike(p!)), z);
  });

  it('names what is wrong', () => {
    expect(() => meanSquaredError(tf.zeros([2, 3]), tf.zeros([3]))).toThrow(
      'target must be float32 [2, 3], got float32 [3]',
    );
    expect(() => meanSquaredError(tf.scalar(1), tf.scalar(1))).toThrow('prediction must be [batch, ...]');
    expect(() => meanSquaredError(tf.zeros([2]), tf.zeros([2]), { elements: 'none' as 'sum' })).toThrow(
      InvalidOptionError,
    );
  });
});
