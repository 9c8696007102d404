import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { ShapeError } from '@selfsup/ssl-core';
import { sparseSoftmaxCrossEntropy } from './sparse-softmax-cross-entropy.js';

const rows = [
  [0.5, -1, 2, 0],
  [3, 3, 3, 3],
  [-2, 0.1, 0.2, -0.3],
];
const labels = [2, 0, 3];
const weights = [1, -0.5, 2];

const softmax = (row: readonly number[]): number[] => {
  const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
  return row.map((value) => Math.exp(value) / total);
};
const losses = rows.map((row, i) => -Math.log(softmax(row)[labels[i]!]!));
const gradients = rows.map((row, i) => softmax(row).map((p, j) => weights[i]! * (p - Number(j === labels[i]))));

const evaluate = (logits: tf.Tensor2D, classes: tf.Tensor1D, dy: tf.Tensor): [tf.Tensor, tf.Tensor] => [
  sparseSoftmaxCrossEntropy(logits, classes),
  tf.grad((x) => tf.sum(tf.mul(sparseSoftmaxCrossEntropy(x as tf.Tensor2D, classes), dy)))(logits),
];

it('is the negative logarithm of the probability, and its gradient the softmax less one at the label', async () => {
  const args = [tf.tensor2d(rows), tf.tensor1d(labels, 'int32'), tf.tensor1d(weights)] as const;
  for (const [value, gradient] of [evaluate(...args), await compile(evaluate)(...args)]) {
    expect(value).toBeAllClose(losses);
    expect(gradient).toBeAllClose(gradients);
  }
});

it('agrees with a mean over rows, whose gradient arrives as one number', async () => {
  const mean = (logits: tf.Tensor2D, classes: tf.Tensor1D): tf.Tensor =>
    tf.grad((x) => tf.mean(sparseSoftmaxCrossEntropy(x as tf.Tensor2D, classes)))(logits);
  const expected = rows.map((row, i) => softmax(row).map((p, j) => (p - Number(j === labels[i])) / 3));
  const args = [tf.tensor2d(rows), tf.tensor1d(labels, 'int32')] as const;
  expect(mean(...args)).toBeAllClose(expected);
  expect(await compile(mean)(...args)).toBeAllClose(expected);
});

it('stays finite for extreme logits', async () => {
  const args = [
    tf.tensor2d([
      [1e4, -1e4],
      [1e4, -1e4],
    ]),
    tf.tensor1d([0, 1], 'int32'),
    tf.tensor1d([1, 1]),
  ] as const;
  for (const [value, gradient] of [evaluate(...args), await compile(evaluate)(...args)]) {
    expect(value).toBeAllClose([0, 2e4]);
    expect(gradient).toBeAllClose([
      [0, 0],
      [1, -1],
    ]);
  }
});

it.each([-1, 4, 7, -100, 2 ** 31 - 1, -(2 ** 31)])(
  'a label of %i among four classes is NaN and no other row is, in value and gradient',
  async (label) => {
    const args = [tf.tensor2d(rows), tf.tensor1d([2, label, 3], 'int32'), tf.tensor1d(weights)] as const;
    for (const [value, gradient] of [evaluate(...args), await compile(evaluate)(...args)]) {
      expect(value).toBeAllClose([losses[0]!, NaN, losses[2]!]);
      expect(gradient).toBeAllClose([gradients[0]!, [NaN, NaN, NaN, NaN], gradients[2]!]);
    }
  },
);

it('names the argument whose shape is wrong', () => {
  expect(() => sparseSoftmaxCrossEntropy(tf.zeros([2, 3]), tf.zeros([3], 'int32'))).toThrow(ShapeError);
  expect(() => sparseSoftmaxCrossEntropy(tf.zeros([6]) as never, tf.zeros([6], 'int32'))).toThrow(/logits/);
});
