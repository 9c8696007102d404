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
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { transfer } from '../../../../test/golden/losses/transfer.js';
import { binaryCrossEntropy } from '../reconstruction/binary-cross-entropy.js';
import { sigmoidFocal } from './sigmoid-focal.js';

const targets = [
  [1, 0, 0, 1],
  [0, 1, 0, 0],
];
const naive = (logits: Rows, alpha: number, gamma: number): number =>
  mean(
    logits.flatMap((row, i) =>
      row.map((x, j) => {
        const positive = targets[i]![j] === 1;
        const p = 1 / (1 + Math.exp(positive ? -x : x));
        return -(positive ? alpha : 1 - alpha) * (1 - p) ** gamma * Math.log(p);
      }),
    ),
  );

describeGoldens('sigmoidFocal', transfer.sigmoidFocal, ([x], [t], options) => sigmoidFocal(x!, t!, options));

describe('sigmoidFocal', () => {
  it.each([
    [0.25, 2],
    [0.6, 1],
    [0.5, 3.5],
  ])('agrees with loops, alpha %d, gamma %d', (alpha, gamma) =>
    expectAsNaive(
      (x) => sigmoidFocal(x, tf.tensor2d(targets), { alpha, gamma }),
      (x) => naive(x, alpha, gamma),
      draw(1, 2, 4, 2),
    ),
  );

  it('is cross-entropy at gamma 0, and the same with both sides turned', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [x, t] = [tf.tensor2d(draw(seed, 2, 4, 3)), tf.tensor2d(targets)];
        expect(sigmoidFocal(x, t, { alpha: -1, gamma: 0 })).toBeAllClose(binaryCrossEntropy(x, t));
        const turned = sigmoidFocal(tf.neg(x), tf.sub(1, t), { alpha: 0.75 });
        expect(turned).toBeAllClose(sigmoidFocal(x, t, { alpha: 0.25 }));
      }),
      { seed: 33, numRuns: 25 },
    ));

  it.each(extremes(2, 4))('%s stay finite', async (_, x) => {
    for (const gamma of [0.5, 1, 2, 2.5])
      await expectFinite((z) => sigmoidFocal(z!, tf.tensor2d(targets), { gamma }), x);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3]);
    expect(() => sigmoidFocal(x, tf.zeros([3]))).toThrow('targets must be float32 [2, 3], got float32 [3]');
    expect(() => sigmoidFocal(x, x, { alpha: 1.5 })).toThrow(InvalidOptionError);
    expect(() => sigmoidFocal(x, x, { gamma: -1 })).toThrow(InvalidOptionError);
  });
});
