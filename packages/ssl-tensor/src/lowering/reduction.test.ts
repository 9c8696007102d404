import * as tf from '@tensorflow/tfjs-core';
import {
  agrees,
  agreesInValue,
  bools,
  type ConformanceCase,
  describeConformance,
  exactly,
  floats,
  ints,
} from '../../../../test/support/lowering-conformance.js';
import { reductionRules } from './reduction.js';

type Axis = number | number[] | undefined;
type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

const places: readonly (readonly [readonly number[], Axis])[] = [
  [[], undefined],
  [[5], undefined],
  [[2, 3], 0],
  [[2, 3], -1],
  [
    [2, 3, 4],
    [0, 2],
  ],
  [
    [2, 3, 4],
    [-1, 1],
  ],
  [[2, 1, 4], 1],
  [[2, 3, 4], undefined],
  [
    [1, 1],
    [0, 1],
  ],
  [[2, 3], []],
];

const reductions: readonly (readonly [string, Reduction, gradient: boolean, integers: boolean])[] = [
  ['sum', tf.sum, true, true],
  ['mean', tf.mean, true, true],
  ['max', tf.max, true, true],
  ['min', tf.min, true, true],
  // TF.js's gradient of prod calls chained ops, which are not registered.
  ['prod', tf.prod, false, true],
  ['logSumExp', tf.logSumExp as Reduction, true, false],
  ['euclideanNorm', ((x, axis, keepDims) => tf.norm(x, 'euclidean', axis, keepDims)) as Reduction, true, false],
];

const each = (
  name: string,
  make: (shape: readonly number[]) => ReturnType<typeof floats>,
  op: Reduction,
  gradient: boolean,
): ConformanceCase[] =>
  places.flatMap(([shape, axis]) =>
    [false, true].map((keepDims) =>
      agrees(
        `${name} over ${axis === undefined ? 'all' : `[${String(axis)}]`}${keepDims ? ' kept' : ''}`,
        [make(shape)],
        (x) => op(x, axis, keepDims),
        { gradient },
      ),
    ),
  );

/** No axis at all reduces nothing; TF.js's max and prod have no gradient for that and its norm refuses it. */
const hasEmptyAxes = ({ name }: ConformanceCase): boolean => name.includes('[]') && name.includes('over []');

describeConformance('reduction', reductionRules, [
  ...reductions.flatMap(([name, op, gradient, integers]) => [
    ...each(name, (shape) => floats(shape, 0.3, 2), op, gradient).filter((item) => !hasEmptyAxes(item)),
    ...(integers ? each(name, (shape) => ints(shape), op, false).filter((item) => !hasEmptyAxes(item)) : []),
  ]),
  agreesInValue('sum over no axis', [floats([2, 3])], (x) => tf.sum(x, [])),
  ...[tf.all, tf.any].flatMap((op, index) =>
    each(['all', 'any'][index]!, (shape) => bools(shape), op as Reduction, false).filter((item) => !hasEmptyAxes(item)),
  ),
  agreesInValue('sum of truths', [bools([3, 4])], (x) => tf.sum(x, 1)),
  agreesInValue('sum of nothing', [floats([0, 3])], (x) => [tf.sum(x, 0), tf.sum(x)]),
  agrees('max of equal elements', [exactly([1, 2, 2, 0, 0, 0], [2, 3])], (x) => tf.max(x, 1)),
  agreesInValue('max and min of infinities', [exactly([-Infinity, -Infinity, 1, Infinity], [2, 2])], (x) => [
    tf.max(x, 1),
    tf.min(x, 1),
  ]),
  agreesInValue('sum of infinities and NaN', [exactly([Infinity, 1, Infinity, -Infinity, NaN, 0], [3, 2])], (x) => [
    tf.sum(x, 1),
    tf.mean(x, 1),
  ]),
  // Long and narrow: rows side by side on the CPU.
  ...['float32', 'int32'].map((dtype) =>
    agrees(
      'sum over many short rows',
      [dtype === 'int32' ? ints([64, 96, 12]) : floats([64, 96, 12])],
      (x) => [tf.sum(x, [0, 1]), tf.max(x, [0, 1])],
      { scaled: 1e-5, gradient: false },
    ),
  ),
  agrees('mean over many short rows', [floats([48, 7, 9, 20])], (x) => tf.mean(x, [0, 1, 2]), { scaled: 1e-5 }),
  ...([1, Infinity, -Infinity, 'fro'] as const).flatMap((order) =>
    [[0, 1], 1]
      .filter((axis) => order !== 'fro' || axis !== 1)
      .map((axis) => agrees(`norm ${order} over ${String(axis)}`, [floats([3, 4])], (x) => tf.norm(x, order, axis))),
  ),
  agreesInValue(
    'logSumExp of special numbers',
    [exactly([-Infinity, -Infinity, 1, Infinity, 1e30, -1e30], [3, 2])],
    (x) => tf.logSumExp(x, 1),
  ),
  agreesInValue('moments', [ints([3, 4])], (x) => {
    const { mean, variance } = tf.moments(x, 0, true);
    return [mean, variance];
  }),
  agrees('moments', [floats([4, 5, 3])], (x) => {
    const { mean, variance } = tf.moments(x, [0, 1]);
    return [mean, variance];
  }),
  ...[tf.argMax, tf.argMin].flatMap((op, index) =>
    (
      [
        [[5], 0],
        [[2, 3], 0],
        [[2, 3], -1],
        [[2, 1, 4], 1],
      ] as const
    ).flatMap(([shape, axis]) =>
      [floats(shape), ints(shape, 0, 3)].map((operand) =>
        agreesInValue(`${['argMax', 'argMin'][index]} over ${axis}`, [operand], (x) => op(x, axis)),
      ),
    ),
  ),
  agreesInValue('argMax of truths', [bools([2, 5])], (x) => tf.argMax(x, 1)),
  agreesInValue('argMax of equal elements', [exactly([3, 3, 1, 1, 3, 3], [2, 3])], (x) => [
    tf.argMax(x, 1),
    tf.argMin(x, 1),
  ]),
  ...[false, true].flatMap((exclusive) =>
    [false, true].flatMap((reverse) => [
      // TF.js takes no negative axis here, and its gradient is right for the last axis only.
      agrees(`cumsum${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`, [floats([2, 3, 4])], (x) =>
        tf.cumsum(x, 2, exclusive, reverse),
      ),
      agreesInValue(`cumsum${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`, [floats([2, 3, 4])], (x) =>
        tf.cumsum(x, 1, exclusive, reverse),
      ),
      agreesInValue(`cumsum${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`, [ints([5])], (x) =>
        tf.cumsum(x, 0, exclusive, reverse),
      ),
    ]),
  ),
  ...[false, true].flatMap((exclusive) =>
    [false, true].flatMap((reverse) => {
      const name = `cumprod${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`;
      const along = (axis: number) => (x: tf.Tensor) => tf.cumprod(x, axis, exclusive, reverse);
      return [
        ...[0, 1, 2].map((axis) => agreesInValue(`${name} over ${axis}`, [floats([5, 7, 4])], along(axis))),
        ...[1, 2, 3, 4, 9, 33].map((length) => agreesInValue(name, [floats([length], -1.5, 1.5)], along(0))),
        agreesInValue(name, [ints([2, 9], -3, 4)], along(1)),
        agreesInValue(name, [bools([2, 5])], along(1)),
        agreesInValue(`${name} of nothing`, [floats([2, 0])], along(1)),
        agreesInValue(`${name} of no rows`, [floats([0, 3])], along(1)),
        agreesInValue(
          `${name} of special numbers`,
          [exactly([2, 0, -3, 4, -0, 1, Infinity, -2, NaN, 1, Infinity, 2, 0, 1, -1, -1], [4, 4])],
          along(1),
        ),
      ];
    }),
  ),
  ...[1, 3, 5].map((k) =>
    agreesInValue(`topk ${k}`, [floats([2, 5])], (x) => {
      const { values, indices } = tf.topk(x, k);
      return [values, indices];
    }),
  ),
  ...[floats([0, 6]), bools([6])].map((operand) =>
    agreesInValue('topk', [operand], (x) => {
      const { values, indices } = tf.topk(x, 3);
      return [values, indices];
    }),
  ),
  agreesInValue('topk of infinities', [exactly([1, Infinity, -Infinity, 0, -0, 1, 3])], (x) => {
    const { values, indices } = tf.topk(x, 7);
    return [values, indices];
  }),
  agreesInValue('cumsum', [bools([5])], (x) => tf.cumsum(x)),
  agreesInValue('topk of equal elements', [exactly([1, 2, 2, 1, 2], [5], 'int32')], (x) => {
    const { values, indices } = tf.topk(x, 4);
    return [values, indices];
  }),
  ...[[4], [2, 3], [2, 1, 5], [3, 1]].flatMap((shape) => [
    agrees('softmax', [floats(shape, -4, 4)], (x) => tf.softmax(x)),
    agrees('logSoftmax', [floats(shape, -4, 4)], (x) => tf.logSoftmax(x)),
  ]),
  agrees('softmax of extremes', [exactly([1000, -1000, 0, 1000, 1000, -1e30], [2, 3])], (x) => tf.softmax(x)),
  agreesInValue('softmax with masked places', [exactly([1, -Infinity, 0], [1, 3])], (x) => tf.softmax(x)),
]);
