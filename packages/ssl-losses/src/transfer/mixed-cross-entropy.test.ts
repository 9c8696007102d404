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
import '../../../../test/support/to-be-all-close.js';
import { mixedCrossEntropy } from './mixed-cross-entropy.js';
import { mixedTargets } from './mixed-targets.js';
import { softTargetCrossEntropy } from './soft-target-cross-entropy.js';

const [labels, partners, shares] = [
  [2, 0, 1],
  [2, 3, 0],
  [0.3, 0.9, 0],
];
const integers = (values: readonly number[]): tf.Tensor1D => tf.tensor1d([...values], 'int32');
const naive = (logits: Rows, lambdas: readonly number[]): number[] =>
  logits.map((row, i) => {
    const scores = logSoftmax(row);
    return -lambdas[i]! * scores[labels[i]!]! - (1 - lambdas[i]!) * scores[partners[i]!]!;
  });
const loss = (x: tf.Tensor2D, lambda: number | tf.Tensor1D): tf.Scalar =>
  mixedCrossEntropy(x, integers(labels), integers(partners), lambda);

describeGoldens('mixedCrossEntropy', transfer.mixedCrossEntropy, ([x], [y, other], { lambda, ...options }) =>
  mixedCrossEntropy(x as tf.Tensor2D, y as tf.Tensor1D, other as tf.Tensor1D, lambda as number, options),
);

describe('mixedCrossEntropy', () => {
  it('agrees with loops, for one share and for one of each row', async () => {
    const x = draw(1, 3, 4, 2);
    await expectAsNaive(
      (logits) => loss(logits, 0.3),
      (logits) => mean(naive(logits, [0.3, 0.3, 0.3])),
      x,
    );
    await expectAsNaive(
      (logits) => loss(logits, tf.tensor1d(shares)),
      (logits) => mean(naive(logits, shares)),
      x,
    );
    const options = { reduction: 'none' } as const;
    const none = mixedCrossEntropy(tf.tensor2d(x), integers(labels), integers(partners), tf.tensor1d(shares), options);
    expect(none).toBeAllClose(naive(x, shares));
  });

  it('equals the loss against mixed targets', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(0, 0.2),
        (seed, lambda, labelSmoothing) => {
          const x = tf.tensor2d(draw(seed, 3, 4, 2));
          const [y, other] = [integers(labels), integers(partners)];
          for (const share of [lambda, tf.tensor1d(shares)]) {
            const targets = mixedTargets(y, other, share, 4);
            expect(tf.sum(targets, 1)).toBeAllClose([1, 1, 1]);
            const mixed = mixedCrossEntropy(x, y, other, share, { labelSmoothing });
            expect(mixed).toBeAllClose(softTargetCrossEntropy(x, targets, { labelSmoothing }), { atol: 3e-6 });
          }
        },
      ),
      { seed: 51, numRuns: 20 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, x) => {
    for (const lambda of [0, 0.5, 1]) await expectFinite((logits) => loss(logits!, lambda), x);
  });

  it('names what is wrong', () => {
    const [x, y] = [tf.zeros([3, 4]) as tf.Tensor2D, integers(labels)];
    expect(() => mixedCrossEntropy(x, y, integers([1, 2]), 0.5)).toThrow(
      'mixedCrossEntropy: partners must be int32 [3], got int32 [2]',
    );
    expect(() => mixedTargets(y, y, tf.zeros([2]), 4)).toThrow(
      'mixedTargets: lambda must be float32 [3], got float32 [2]',
    );
    expect(() => mixedCrossEntropy(tf.zeros([2, 4]), y, y, 0.5)).toThrow(ShapeError);
    expect(() => loss(x, 1.5)).toThrow(InvalidOptionError);
    expect(() => mixedTargets(y, y, 0.5, 0)).toThrow(InvalidOptionError);
  });
});
