import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { filled, fillings } from '../../../test/support/exact-sums.js';
import { binaryCrossEntropy } from './reconstruction/binary-cross-entropy.js';
import { dice } from './transfer/dice.js';
import { logSumExpRows } from './numerics/log-sum-exp-rows.js';
import { maskedL1 } from './reconstruction/masked-l1.js';
import { maskedPatchMSE } from './reconstruction/masked-patch-mse.js';
import { meanSquaredError } from './reconstruction/mean-squared-error.js';
import { softmaxCrossEntropy } from './transfer/softmax-cross-entropy.js';

const add = (numbers: ArrayLike<number>, term: (value: number, index: number) => number): number => {
  let sum = 0;
  for (let index = 0; index < numbers.length; index++) sum += term(numbers[index]!, index);
  return sum;
};
const half = (value: number): number => value * 0.5;

/** Losses of `x` against half of it, against 0, or of equal logits: what float64 makes of the same numbers. */
const losses: readonly {
  readonly name: string;
  readonly shape: readonly number[];
  readonly run: (x: tf.Tensor) => tf.Tensor;
  readonly exact: (x: Float32Array) => number;
}[] = [
  {
    name: "mean squared error of pictures' patches",
    shape: [8, 196, 768],
    run: (x) => meanSquaredError(x, tf.mul(x, 0.5)),
    exact: (x) => add(x, (value) => half(value) ** 2) / x.length,
  },
  {
    name: 'mean squared error, summed',
    shape: [4, 262_139],
    run: (x) => meanSquaredError(x, tf.mul(x, 0.5), { elements: 'sum', reduction: 'sum' }),
    exact: (x) => add(x, (value) => half(value) ** 2),
  },
  {
    name: 'mean squared error of masked patches',
    shape: [8, 196, 768],
    run: (x) =>
      maskedPatchMSE(x as tf.Tensor3D, tf.mul(x, 0.5) as tf.Tensor3D, tf.ones([8, 196]), { normalizeTarget: false }),
    exact: (x) => add(x, (value) => half(value) ** 2) / x.length,
  },
  {
    name: 'absolute error of masked images',
    shape: [2, 256, 256, 3],
    run: (x) => maskedL1(x as tf.Tensor4D, tf.zerosLike(x as tf.Tensor4D), tf.ones([2, 8, 8])),
    exact: (x) => add(x, Math.abs) / x.length,
  },
  {
    name: 'binary cross-entropy',
    shape: [4, 131_071],
    run: (x) => binaryCrossEntropy(x, tf.zerosLike(x)),
    exact: (x) => add(x, (value) => Math.log1p(Math.exp(value))) / x.length,
  },
  {
    name: 'overlap of regions',
    shape: [1, 512, 257, 2],
    run: (x) => tf.sub(1, dice(tf.add(tf.mul(x, 0.25), 0.5), tf.ones([1, 512, 257, 2]), { activation: 'none' })),
    exact: (x) => {
      const [p, n] = [Array.from(x, (value) => Math.fround(value * 0.25 + 0.5)), x.length / 2];
      const [first, second] = [0, 1].map((channel) => add(p, (value, i) => (i % 2 === channel ? value : 0)));
      const overlap = (sum: number): number => (2 * sum + 1e-5) / (sum + n + 1e-5);
      return (overlap(first!) + overlap(second!)) / 2;
    },
  },
  {
    name: 'cross-entropy over a vocabulary',
    shape: [8, 30_522],
    run: (x) => softmaxCrossEntropy(x as tf.Tensor2D, tf.zeros([8], 'int32')),
    exact: (x) => {
      const rows = Array.from({ length: 8 }, (_, row) => x.subarray(row * 30_522, (row + 1) * 30_522));
      return (
        add(
          rows.map((row) => Math.log(add(row, Math.exp)) - row[0]!),
          (value) => value,
        ) / 8
      );
    },
  },
  {
    name: 'log-sum-exp of long rows',
    shape: [1, 2 ** 20],
    run: (x) => tf.exp(tf.sub(logSumExpRows(x as tf.Tensor2D), Math.log(2 ** 20))),
    exact: (x) => add(x, Math.exp) / x.length,
  },
];

it.for(losses)('$name is within 1e-6 of float64', async ({ shape, run, exact }) => {
  const compiled = compile((x: tf.Tensor) => run(x));
  const errors: (readonly [string, number])[] = [];
  for (const filling of fillings) {
    const x = filled(filling, shape);
    const result = await compiled(x);
    const expected = exact(x.data);
    errors.push([filling, Math.abs(result.dataSync()[0]! / expected - 1)]);
    result.dispose();
  }
  compiled.dispose();
  expect(errors.filter(([, error]) => !(error < 1e-6))).toEqual([]);
});
