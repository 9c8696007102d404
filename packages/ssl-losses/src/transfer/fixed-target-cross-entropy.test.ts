import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import { draw, mean, sum, type Rows } from '../../../../test/golden/losses/redundancy.js';
import { fixedTargetCrossEntropy } from './fixed-target-cross-entropy.js';

const naive = (logits: Rows, targets: Rows): number[] =>
  logits.map((row, i) => {
    const largest = Math.max(...row);
    const total = largest + Math.log(sum(row.map((x) => Math.exp(x - largest))));
    return sum(row.map((x, j) => targets[i]![j]! * (total - x)));
  });
const weights = (seed: number, n: number, k: number): Rows => draw(seed, n, k).map((row) => row.map((x) => x * x));

describe.each(['eager', 'compiled'] as const)('fixedTargetCrossEntropy, %s', (mode) => {
  it('against loops, with targets that do not sum to 1', async () => {
    const [logits, targets] = [draw(1, 5, 4, 3), weights(2, 5, 4)];
    const [loss, gradient] = await lossAndGradients(
      mode,
      (x) => tf.mean(fixedTargetCrossEntropy(x!, tf.tensor2d(targets))),
      [tf.tensor2d(logits)],
    );
    expect(loss!).toBeAllClose(mean(naive(logits, targets)));
    const expected = finiteDifferences((x) => mean(naive(x, targets)), logits);
    expect(gradient!).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-6 });
  });

  it('targets that are made of what is differentiated give no gradient', async () => {
    const logits = draw(3, 2, 3);
    const soft = tf.softmax(tf.tensor2d(logits)).arraySync() as Rows;
    const [, gradient] = await lossAndGradients(
      mode,
      (x) => tf.sum(fixedTargetCrossEntropy(tf.mul(x!, 2) as tf.Tensor2D, tf.softmax(x!))),
      [tf.tensor2d(logits)],
    );
    const expected = finiteDifferences(
      (x) =>
        sum(
          naive(
            x.map((row) => row.map((y) => 2 * y)),
            soft,
          ),
        ),
      logits,
    );
    expect(gradient!).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-6 });
  });

  it('keeps its digits where a huge score agrees with its target', async () => {
    const target = tf.tensor2d([[0, 1, 0]]);
    const [loss, gradient] = await lossAndGradients(mode, (x) => tf.sum(fixedTargetCrossEntropy(x!, target)), [
      tf.tensor2d([[6e4, 6e4 + 4, 0]]),
    ]);
    expect(loss!).toBeAllClose(Math.log1p(Math.exp(-4)), { rtol: 1e-5, atol: 0 });
    const share = 1 / (1 + Math.exp(4));
    expect(gradient!).toBeAllClose([[share, -share, 0]]);
  });
});
