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
  sum,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { reconstruction } from '../../../../test/golden/losses/reconstruction.js';
import { maskedTokenCrossEntropy } from '../text/masked-token-cross-entropy.js';
import { visualTokenCrossEntropy } from './visual-token-cross-entropy.js';

const [tokens, mask] = [
  [2, 0, 1, 4],
  [1, 0, 1, 1],
];
const naive = (logits: Rows): number =>
  sum(logits.map((row, i) => -mask[i]! * logSoftmax(row)[tokens[i]!]!)) / sum(mask);
const loss = (x: tf.Tensor2D, count = mask): tf.Scalar =>
  visualTokenCrossEntropy(tf.expandDims(x), tf.tensor2d([tokens], [1, 4], 'int32'), tf.tensor2d([count]));

describeGoldens('visualTokenCrossEntropy', reconstruction.visualTokenCrossEntropy, ([logits], [z, m], options) =>
  visualTokenCrossEntropy(logits as tf.Tensor3D, z as tf.Tensor2D, m as tf.Tensor2D, options),
);

describe('visualTokenCrossEntropy', () => {
  it('agrees with loops', () => expectAsNaive((x) => loss(x), naive, draw(1, 4, 5)));

  it('gives a value for each sample', () => {
    const rows = draw(2, 4, 5);
    const logits = tf.tensor3d([rows, rows]);
    const z = tf.tensor2d([tokens, tokens], [2, 4], 'int32');
    const none = visualTokenCrossEntropy(logits, z, tf.tensor2d([mask, [0, 0, 0, 0]]), { reduction: 'none' });
    expect(none).toBeAllClose([naive(rows), NaN]);
  });

  it('equals the loss of the masked places alone, whatever the others say', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const rows = draw(seed, 4, 5, 3);
        const kept = [0, 2, 3];
        const expected = maskedTokenCrossEntropy(
          tf.tensor2d(kept.map((i) => rows[i]!)),
          tf.tensor1d(
            kept.map((i) => tokens[i]!),
            'int32',
          ),
        );
        const noisy = rows.map((row, i) => (mask[i] === 1 ? row : row.map((x) => 50 * x)));
        expect(loss(tf.tensor2d(noisy))).toBeAllClose(expected);
      }),
      { seed: 23, numRuns: 25 },
    ));

  it.each(extremes(4, 5))('%s stay finite', async (_, x) => {
    await expectFinite((logits) => loss(logits!), x);
  });

  it('names what is wrong', () => {
    const [x, z] = [tf.zeros([2, 3, 5]) as tf.Tensor3D, tf.zeros([2, 3], 'int32') as tf.Tensor2D];
    expect(() => visualTokenCrossEntropy(x, tf.zeros([2, 3]), z)).toThrow(
      'tokens must be int32 [2, 3], got float32 [2, 3]',
    );
    expect(() => visualTokenCrossEntropy(x, z, tf.zeros([2, 4]))).toThrow(ShapeError);
    expect(() => visualTokenCrossEntropy(x, z, z, { labelSmoothing: 1 })).toThrow(InvalidOptionError);
  });
});
