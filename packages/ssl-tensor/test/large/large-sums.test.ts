import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { type ExactSums, sumsOver, worstError } from '../../../../test/support/exact-sums.js';
import { compile } from '../../src/compile/compile.js';
import type { NdArray } from '@selfsup/ssl-core';
import { batchMoments } from '../../src/ops/batch-norm.js';

/** Two gigabytes and half a minute for each: `npm run test:large`. The small sizes are in src/lowering/large-sums.test.ts. */
const isWanted = process.env['SSL_LARGE_SUMS'] === '1';

/** Equal numbers, whose roundings all go one way, or numbers that cancel. */
function filled(shape: readonly number[], isMixed: boolean): NdArray<Float32Array> {
  const data = new Float32Array(shape.reduce((product, side) => product * side, 1)).fill(0.1);
  if (!isMixed) return { data, shape };
  let state = 16;
  for (let index = 0; index < data.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    data[index] = state / 2 ** 31;
  }
  return { data, shape };
}

interface LargeSum {
  readonly name: string;
  readonly shape: readonly number[];
  readonly run: (x: tf.Tensor) => tf.Tensor;
  readonly exact: (x: NdArray<Float32Array>) => ExactSums;
}

const places: readonly (readonly [shape: readonly number[], axes: number[]])[] = [
  [[2 ** 27], [0]],
  [[2 ** 27 - 39], [0]],
  [[33_554_393], [0]],
  [[4, 2 ** 25], [1]],
  [[2 ** 25, 4], [0]],
  [[2 ** 20, 128], [0]],
  [[2 ** 20, 128], [1]],
  [[8, 2 ** 21, 8], [1]],
  [
    [64, 224, 224, 3],
    [0, 1, 2, 3],
  ],
  [
    [8, 64, 512, 512],
    [0, 2, 3],
  ],
  [[33_554_393, 3], [0]],
];

const magnitudes = (numbers: Float64Array): ExactSums => ({ sums: numbers, sizes: numbers.map(Math.abs) });

const cases: readonly LargeSum[] = [
  ...places.map(([shape, axes]): LargeSum => ({
    name: `sum over [${axes.join(', ')}] of [${shape.join(', ')}]`,
    shape,
    run: (x) => tf.sum(x, axes),
    exact: (x) => sumsOver(x, axes),
  })),
  {
    name: 'mean',
    shape: [2 ** 27],
    run: (x) => tf.mul(tf.mean(x), 2 ** 27),
    exact: (x) => sumsOver(x, [0]),
  },
  {
    name: 'norm',
    shape: [2 ** 27],
    run: (x) => tf.norm(x),
    exact: (x) => magnitudes(sumsOver(x, [0], (value) => value * value).sums.map(Math.sqrt)),
  },
  {
    name: 'log-sum-exp',
    shape: [2 ** 27],
    run: (x) => tf.logSumExp(x),
    exact: (x) => magnitudes(sumsOver(x, [0], Math.exp).sums.map(Math.log)),
  },
  {
    name: "a batch's means",
    shape: [2 ** 24, 8],
    run: (x) => tf.mul(batchMoments(x).mean, 2 ** 24),
    exact: (x) => sumsOver(x, [0]),
  },
  {
    name: 'the end of a cumulative sum',
    shape: [2 ** 26],
    run: (x) => tf.slice(tf.cumsum(x), [2 ** 26 - 1], [1]),
    exact: (x) => sumsOver(x, [0]),
  },
  {
    name: 'segment sum',
    shape: [2 ** 25, 2],
    run: (x) => tf.unsortedSegmentSum(x, tf.zeros([2 ** 25], 'int32'), 1),
    exact: (x) => sumsOver(x, [0]),
  },
  {
    name: 'gradient of a bias',
    shape: [2 ** 24, 8],
    run: (x) => tf.grad((bias: tf.Tensor) => tf.sum(tf.mul(tf.add(x, bias), x)))(tf.zeros([8])),
    exact: (x) => sumsOver(x, [0]),
  },
];

it.for(cases)('$name of $shape', { timeout: 600_000 }, async ({ shape, run, exact }, { skip }) => {
  if (!isWanted) skip('takes gigabytes: npm run test:large');
  const compiled = compile((x: tf.Tensor) => run(x));
  const errors: number[] = [];
  for (const isMixed of [false, true]) {
    const x = filled(shape, isMixed);
    const result = await compiled(x);
    errors.push(worstError(result.dataSync(), exact(x)));
    result.dispose();
  }
  compiled.dispose();
  expect(errors.filter((error) => !(error < 1e-6))).toEqual([]);
});
