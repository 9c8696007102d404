import * as tf from '@tensorflow/tfjs-core';
import {
  agrees,
  agreesInValue,
  type ConformanceCase,
  describeConformance,
  floats,
  ints,
} from '../../../../test/support/lowering-conformance.js';
import { matMulRules } from './matmul.js';

const flips = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

/** Shape of a matrix that is `[rows, columns]` after an optional transpose. */
const stored = (batch: readonly number[], rows: number, columns: number, flip: boolean): number[] => [
  ...batch,
  ...(flip ? [columns, rows] : [rows, columns]),
];

const product = (
  batchA: readonly number[],
  batchB: readonly number[],
  [m, k, n]: readonly [number, number, number],
  gradient: boolean,
): ConformanceCase[] =>
  flips.map(([flipA, flipB]) =>
    agrees(
      `matMul ${flipA ? 'transposed ' : ''}by ${flipB ? 'transposed' : 'plain'}`,
      [floats(stored(batchA, m, k, flipA)), floats(stored(batchB, k, n, flipB))],
      (a, b) => tf.matMul(a, b, flipA, flipB),
      {
        gradient,
        scaled: 1e-6,
      },
    ),
  );

const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;

describeConformance('matmul', matMulRules, [
  ...product([], [], [3, 5, 4], true),
  ...product([], [], [1, 1, 1], true),
  ...product([], [], [1, 64, 7], true),
  ...product([2, 3], [2, 3], [4, 5, 2], true),
  ...product([1], [1], [3, 4, 2], true),
  ...product([2], [1], [3, 4, 2], false),
  ...product([2], [], [3, 4, 2], false),
  agreesInValue('matMul', [ints([3, 4]), ints([4, 2])], tf.matMul),
  agreesInValue('matMul with transposes', [ints([2, 4, 3]), ints([2, 2, 4])], (a, b) => tf.matMul(a, b, true, true)),
  agreesInValue('matMul of nothing', [floats([0, 3]), floats([3, 2])], tf.matMul),
  agreesInValue('matMul over nothing', [floats([2, 0]), floats([0, 3])], tf.matMul),
  agrees('dot', [floats([5]), floats([5])], tf.dot),
  agrees('outerProduct', [floats([3]), floats([4])], tf.outerProduct),
  agrees(
    'matMul of explicit transposes',
    [floats([2, 4, 3]), floats([2, 5, 4])],
    (a, b) => tf.matMul(tf.transpose(a, [0, 2, 1]), tf.transpose(b, [0, 2, 1])),
    { scaled: 1e-6 },
  ),
  agrees(
    'matMul of heads',
    [floats([2, 4, 3, 5]), floats([2, 4, 3, 5])],
    (q, k) => tf.matMul(tf.transpose(q, [0, 2, 1, 3]), tf.transpose(k, [0, 2, 3, 1])),
    { scaled: 1e-6 },
  ),
  ...activations.map((activation) =>
    agreesInValue(
      `fused matMul with ${activation}`,
      [floats([3, 5]), floats([5, 4]), floats([4]), floats([3, 4])],
      (a, b, bias, alpha) =>
        tf.fused.matMul({ a, b, bias, activation, leakyreluAlpha: 0.3, preluActivationWeights: alpha }),
    ),
  ),
  agrees(
    'fused matMul',
    [floats([3, 5]), floats([4, 5]), floats([4])],
    (a, b, bias) => tf.fused.matMul({ a, b, bias, transposeB: true, activation: 'relu' }),
    { scaled: 1e-6 },
  ),
  agrees('fused matMul without bias', [floats([2, 3, 5]), floats([2, 5, 4])], (a, b) => tf.fused.matMul({ a, b }), {
    scaled: 1e-6,
  }),
]);
