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
  mean,
  sum,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { transfer } from '../../../../test/golden/losses/transfer.js';
import { softTargetCrossEntropy } from './soft-target-cross-entropy.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';

const shares = (rows: Rows): Rows => rows.map((row) => logSoftmax(row).map(Math.exp));
const naive = (logits: Rows, targets: Rows): number[] =>
  logits.map((row, i) => -sum(logSoftmax(row).map((value, c) => value * targets[i]![c]!)));

describeGoldens('softTargetCrossEntropy', transfer.softTargetCrossEntropy, ([x, t], [fixed], options) =>
  softTargetCrossEntropy(x as tf.Tensor2D, (t ?? fixed) as tf.Tensor2D, options),
);

describe('softTargetCrossEntropy', () => {
  const [x, t] = [draw(1, 3, 5, 2), shares(draw(2, 3, 5))];

  it('agrees with loops, in both arguments and every reduction', async () => {
    await expectAsNaive(
      (logits) => softTargetCrossEntropy(logits, tf.tensor2d(t)),
      (logits) => mean(naive(logits, t)),
      x,
    );
    await expectAsNaive(
      (targets) => softTargetCrossEntropy(tf.tensor2d(x), targets, { reduction: 'sum' }),
      (targets) => sum(naive(x, targets)),
      t,
    );
    const none = softTargetCrossEntropy(tf.tensor2d(x), tf.tensor2d(t), { reduction: 'none' });
    expect(none).toBeAllClose(naive(x, t));
  });

  it('equals the loss of labels on their one-hot targets', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(0, 0.1, 0.7),
        (seed, labels, labelSmoothing) => {
          const [logits, y] = [tf.tensor2d(draw(seed, labels.length, 5, 3)), tf.tensor1d(labels, 'int32')];
          const targets = tf.cast(tf.oneHot(y, 5), 'float32') as tf.Tensor2D;
          const expected = softmaxCrossEntropy(logits, y, { labelSmoothing });
          expect(softTargetCrossEntropy(logits, targets, { labelSmoothing })).toBeAllClose(expected, { atol: 3e-6 });
        },
      ),
      { seed: 31, numRuns: 25 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, z) => {
    await expectFinite((logits) => softTargetCrossEntropy(logits!, tf.fill([3, 4], 0.25)), z);
    const one = z.map((row) => [row[0]!]);
    expect(await expectFinite((logits) => softTargetCrossEntropy(logits!, tf.ones([3, 1])), one)).toBeCloseTo(0);
  });

  it('names what is wrong', () => {
    const z = tf.zeros([2, 3]) as tf.Tensor2D;
    expect(() => softTargetCrossEntropy(z, tf.zeros([2, 4]))).toThrow(
      'targets must be float32 [2, 3], got float32 [2, 4]',
    );
    expect(() => softTargetCrossEntropy(z, z, { labelSmoothing: 1 })).toThrow(InvalidOptionError);
  });
});
