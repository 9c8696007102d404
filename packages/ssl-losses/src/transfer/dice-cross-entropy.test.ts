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
  sum,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { transfer } from '../../../../test/golden/losses/transfer.js';
import '../../../../test/support/to-be-all-close.js';
import { diceCrossEntropy } from './dice-cross-entropy.js';
import { dice } from './dice.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';

const labels = [1, 0, 1, 1];
const y = (): tf.Tensor2D => tf.tensor2d([labels], [1, 4], 'int32');
/** One sample of four places, two classes. */
const naive = (logits: Rows): number => {
  const scores = logits.map(logSoftmax);
  const overlap = [0, 1].map((c) => {
    const p = scores.map((row) => Math.exp(row[c]!));
    const truth = labels.map((label) => (label === c ? 1 : 0));
    return 1 - (2 * sum(p.map((x, i) => x * truth[i]!)) + 1e-5) / (sum(p) + sum(truth) + 1e-5);
  });
  return 0.5 * mean(overlap) - 2 * mean(scores.map((row, i) => row[labels[i]!]!));
};

describeGoldens('diceCrossEntropy', transfer.diceCrossEntropy, ([x], [t, classWeights], options) =>
  diceCrossEntropy(x!, t!, {
    ...options,
    ...(classWeights !== undefined && { classWeights: classWeights as tf.Tensor1D }),
  }),
);

describe('diceCrossEntropy', () => {
  it('agrees with loops', () =>
    expectAsNaive(
      (x) => diceCrossEntropy(tf.expandDims(x), y(), { lambdaDice: 0.5, lambdaCrossEntropy: 2 }),
      naive,
      draw(1, 4, 2, 2),
    ));

  it('is the sum of its parts, with ignored places in neither', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const rows = draw(seed, 4, 3, 2);
        const x = tf.tensor3d([rows]);
        const parts = tf.add(dice(x, y()), softmaxCrossEntropy(tf.tensor2d(rows), tf.tensor1d(labels, 'int32')));
        expect(diceCrossEntropy(x, y())).toBeAllClose(parts);
        const padded = tf.tensor3d([[...rows, [1, 2, 3]]]);
        const more = tf.tensor2d([[...labels, -1]], [1, 5], 'int32');
        expect(diceCrossEntropy(padded, more, { ignoreIndex: -1 })).toBeAllClose(parts);
      }),
      { seed: 43, numRuns: 25 },
    ));

  it.each(extremes(4, 2))('%s stay finite', async (_, x) => {
    await expectFinite((z) => diceCrossEntropy(tf.expandDims(z!), y()), x);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([1, 4, 2]);
    expect(() => diceCrossEntropy(x, tf.zeros([1, 4]))).toThrow(
      'diceCrossEntropy: labels must be int32 [1, 4], got float32 [1, 4]',
    );
    expect(() => diceCrossEntropy(x, y(), { classWeights: tf.zeros([3]) as tf.Tensor1D })).toThrow(ShapeError);
    expect(() => diceCrossEntropy(x, y(), { lambdaDice: -1 })).toThrow(InvalidOptionError);
  });
});
