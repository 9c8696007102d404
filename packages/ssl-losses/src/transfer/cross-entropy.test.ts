import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  finiteDifferences,
  goldens,
  integers,
  lossAndGradients,
  matrix,
} from '../../../../test/golden/losses/golden.js';
import '../../../../test/support/to-be-all-close.js';
import { maskedTokenCrossEntropy, softmaxCrossEntropy } from '../index.js';

type Rows = number[][];

/** Cross-entropy of each row by loops in float64. */
const naive = (logits: Rows, labels: readonly number[], smoothing = 0): number[] =>
  logits.map((row, i) => {
    const largest = Math.max(...row);
    const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0)) + largest;
    const flat = row.reduce((sum, x) => sum + total - x, 0) / row.length;
    return (1 - smoothing) * (total - (row[labels[i]!] ?? 0)) + smoothing * flat;
  });

const draw = (seed: number, rows: number, columns: number): { logits: Rows; labels: number[]; weights: number[] } => {
  const random = new RandomStream(randomKey(seed));
  return {
    logits: Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal(0, 3))),
    labels: Array.from({ length: rows }, () => random.integer(columns)),
    weights: Array.from({ length: rows }, () => random.uniform(0.1, 2)),
  };
};

describe.each(['eager', 'compiled'] as const)('cross-entropy against PyTorch, %s', (mode) => {
  it.each(goldens.crossEntropy.map((golden, index) => [index, golden.labelSmoothing] as const))(
    'case %i, smoothing %d',
    async (index) => {
      const { logits, labels, labelSmoothing, loss, gradient } = goldens.crossEntropy[index]!;
      const [got, grad] = await lossAndGradients(
        mode,
        (x) => maskedTokenCrossEntropy(x!, integers(labels), { labelSmoothing }),
        [matrix(logits)],
      );
      expect(got!).toBeAllClose(loss, { rtol: 1e-5 });
      expect(grad!).toBeAllClose(gradient, { rtol: 1e-5, atol: 1e-6 });
      if (labels.data.includes(-100)) return;
      const [classified, slope] = await lossAndGradients(
        mode,
        (x) => softmaxCrossEntropy(x!, integers(labels), { labelSmoothing }),
        [matrix(logits)],
      );
      expect(classified!).toBeAllClose(loss, { rtol: 1e-5 });
      expect(slope!).toBeAllClose(gradient, { rtol: 1e-5, atol: 1e-6 });
    },
  );
});

describe('cross-entropy against loops', () => {
  it.each([
    [3, 4, 0],
    [1, 2, 0.1],
    [5, 9, 0.5],
  ])('%i rows of %i classes, smoothing %d', async (rows, classes, labelSmoothing) => {
    const { logits, labels, weights } = draw(rows, rows, classes);
    const [x, y] = [tf.tensor2d(logits), tf.tensor1d(labels, 'int32')];
    const expected = naive(logits, labels, labelSmoothing);
    expect(softmaxCrossEntropy(x, y, { labelSmoothing, reduction: 'none' })).toBeAllClose(expected);
    expect(softmaxCrossEntropy(x, y, { labelSmoothing, reduction: 'sum' })).toBeAllClose(
      expected.reduce((a, b) => a + b),
    );
    const weighted = expected.map((loss, i) => loss * weights[i]!);
    const options = { labelSmoothing, weights: tf.tensor1d(weights) };
    const mean = (values: Rows): number =>
      naive(values, labels, labelSmoothing).reduce((sum, loss, i) => sum + loss * weights[i]!, 0) /
      weights.reduce((a, b) => a + b);
    expect(maskedTokenCrossEntropy(x, y, { ...options, reduction: 'none' })).toBeAllClose(weighted);
    const [loss, gradient] = await lossAndGradients('eager', (scores) => maskedTokenCrossEntropy(scores!, y, options), [
      x,
    ]);
    expect(loss!).toBeAllClose(mean(logits));
    expect(gradient!).toBeAllClose(finiteDifferences(mean, logits), { rtol: 1e-4, atol: 1e-6 });
  });

  it('padding with weight 0 or the ignored label changes nothing', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        (seed, rows, padding) => {
          const { logits, labels } = draw(seed, rows, 6);
          const more = draw(seed + 1, padding, 6);
          const plain = maskedTokenCrossEntropy(tf.tensor2d(logits), tf.tensor1d(labels, 'int32'));
          const padded = tf.tensor2d([...logits, ...more.logits]);
          const ignored = maskedTokenCrossEntropy(
            padded,
            tf.tensor1d([...labels, ...more.labels.map(() => -1)], 'int32'),
            { ignoreIndex: -1 },
          );
          const weights = tf.tensor1d([...labels.map(() => 1), ...more.labels.map(() => 0)]);
          const weighted = maskedTokenCrossEntropy(padded, tf.tensor1d([...labels, ...more.labels], 'int32'), {
            weights,
          });
          expect(ignored).toBeAllClose(plain);
          expect(weighted).toBeAllClose(plain);
        },
      ),
      { seed: 11, numRuns: 25 },
    ));

  it('adding a number to all scores of a row changes nothing', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: -50, max: 50, noNaN: true }), (seed, shift) => {
        const { logits, labels } = draw(seed, 3, 5);
        const y = tf.tensor1d(labels, 'int32');
        const moved = tf.tensor2d(logits.map((row) => row.map((x) => x + shift)));
        expect(softmaxCrossEntropy(moved, y)).toBeAllClose(softmaxCrossEntropy(tf.tensor2d(logits), y), {
          rtol: 1e-5,
          atol: 2e-5,
        });
      }),
      { seed: 12, numRuns: 25 },
    ));
});

describe('cross-entropy at the edges', () => {
  it('huge scores stay finite', async () => {
    const x = tf.tensor2d([
      [1e30, -1e30, 0],
      [500, -500, 0],
    ]);
    const [loss, gradient] = await lossAndGradients(
      'eager',
      (scores) => maskedTokenCrossEntropy(scores!, tf.tensor1d([0, 0], 'int32')),
      [x],
    );
    expect(loss!).toBeAllClose(0);
    expect(gradient!).toBeAllClose([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('names what is wrong', () => {
    const [x, y] = [tf.zeros([3, 4]) as tf.Tensor2D, tf.zeros([3], 'int32') as tf.Tensor1D];
    expect(() => softmaxCrossEntropy(x, tf.zeros([2], 'int32'))).toThrow(
      'softmaxCrossEntropy: labels must be int32 [3], got int32 [2]',
    );
    expect(() => softmaxCrossEntropy(x, tf.zeros([3]))).toThrow('labels must be int32 [3], got float32 [3]');
    expect(() => maskedTokenCrossEntropy(tf.zeros([3]) as never, y)).toThrow(
      'logits must be float32 [n, vocabulary], got float32 [3]',
    );
    expect(() => maskedTokenCrossEntropy(x, y, { weights: tf.zeros([4]) })).toThrow(
      'weights must be float32 [3], got float32 [4]',
    );
    for (const labelSmoothing of [-0.1, 1, NaN])
      expect(() => softmaxCrossEntropy(x, y, { labelSmoothing })).toThrow(InvalidOptionError);
    expect(() => maskedTokenCrossEntropy(x, y, { ignoreIndex: 0.5 })).toThrow(InvalidOptionError);
  });
});
