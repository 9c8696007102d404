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
  specialFloats,
} from '../../../../test/support/lowering-conformance.js';
import { elementwiseRules } from './elementwise.js';

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const shapes = [[], [1], [7], [2, 1, 3]] as const;
const broadcasts = [
  [
    [2, 3],
    [2, 3],
  ],
  [[], [4]],
  [
    [3, 1],
    [1, 2],
  ],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[1], []],
] as const;

/** Smooth functions by name, with the interval they are tried on. */
const smooth: readonly (readonly [string, Unary, number, number])[] = [
  ['exp', tf.exp, -3, 3],
  ['expm1', tf.expm1, -3, 3],
  ['log', tf.log, 0.1, 5],
  ['log1p', tf.log1p, -0.9, 5],
  ['sqrt', tf.sqrt, 0.1, 5],
  ['rsqrt', tf.rsqrt, 0.1, 5],
  ['reciprocal', tf.reciprocal, 0.1, 5],
  ['square', tf.square, -2, 2],
  ['sin', tf.sin, -4, 4],
  ['cos', tf.cos, -4, 4],
  ['tan', tf.tan, -1.4, 1.4],
  ['asin', tf.asin, -0.95, 0.95],
  ['acos', tf.acos, -0.95, 0.95],
  ['atan', tf.atan, -3, 3],
  ['sinh', tf.sinh, -3, 3],
  ['cosh', tf.cosh, -3, 3],
  ['tanh', tf.tanh, -3, 3],
  ['asinh', tf.asinh, -3, 3],
  ['acosh', tf.acosh, 1.1, 5],
  ['atanh', tf.atanh, -0.95, 0.95],
  ['sigmoid', tf.sigmoid, -5, 5],
  ['softplus', tf.softplus, -12, 12],
  ['logSigmoid', tf.logSigmoid, -12, 12],
  ['relu', tf.relu, -2, 2],
  ['relu6', tf.relu6, -2, 8],
  ['elu', tf.elu, -3, 3],
  ['selu', tf.selu, -3, 3],
  ['leakyRelu', (x) => tf.leakyRelu(x, 0.3), -2, 2],
  ['neg', tf.neg, -2, 2],
  ['abs', tf.abs, -2, 2],
  ['clipByValue', (x) => tf.clipByValue(x, -0.5, 1.25), -2, 2],
];

/** Functions whose gradient is zero or missing. */
const flat: readonly (readonly [string, Unary])[] = [
  ['sign', tf.sign],
  ['ceil', tf.ceil],
  ['floor', tf.floor],
  ['round', tf.round],
  ['step', (x) => tf.step(x)],
  ['step with slope', (x) => tf.step(x, 0.25)],
  ['isNaN', tf.isNaN],
  ['isInf', tf.isInf],
  ['isFinite', tf.isFinite],
];

const arithmetic: readonly (readonly [string, Binary])[] = [
  ['add', tf.add],
  ['sub', tf.sub],
  ['mul', tf.mul],
  ['maximum', tf.maximum],
  ['minimum', tf.minimum],
  ['squaredDifference', tf.squaredDifference],
];

const comparisons: readonly (readonly [string, Binary])[] = [
  ['equal', tf.equal],
  ['notEqual', tf.notEqual],
  ['greater', tf.greater],
  ['greaterEqual', tf.greaterEqual],
  ['less', tf.less],
  ['lessEqual', tf.lessEqual],
];

const logical: readonly (readonly [string, Binary])[] = [
  ['logicalAnd', tf.logicalAnd],
  ['logicalOr', tf.logicalOr],
  ['logicalXor', tf.logicalXor],
];

const onEdges = (values: readonly number[]): [ReturnType<typeof exactly>, ReturnType<typeof exactly>] => [
  exactly(values, [values.length, 1]),
  exactly(values, [1, values.length]),
];
const corners = [NaN, Infinity, -Infinity, 0, 1, -1, 2.5, -2.5, 1e30] as const;
const signedInts = exactly([-7, -6, -1, 0, 1, 6, 7, 16777217], [8, 1], 'int32');
const divisors = exactly([-4, -3, -1, 1, 3, 4, 16777217], [1, 7], 'int32');

const cases: readonly ConformanceCase[] = [
  ...smooth.flatMap(([name, op, low, high]) =>
    shapes.map((shape) => agrees(name, [floats(shape, low, high)], op as never)),
  ),
  ...smooth.map(([name, op]) => agreesInValue(`${name} of special numbers`, [exactly(specialFloats)], op as never)),
  ...flat.flatMap(([name, op]) => shapes.map((shape) => agreesInValue(name, [floats(shape, -3, 3)], op as never))),
  ...flat.map(([name, op]) => agreesInValue(`${name} of special numbers`, [exactly(specialFloats)], op as never)),
  // TF.js approximates erf to 1.5e-7; the runtime's is closer to the function.
  ...shapes.map((shape) => agrees('erf', [floats(shape, -3, 3)], tf.erf, { atol: 5e-7 })),
  agreesInValue('erf of special numbers', [exactly(specialFloats)], tf.erf, { atol: 5e-7 }),

  ...arithmetic.flatMap(([name, op]) =>
    broadcasts.map(([a, b], index) =>
      agrees(name, [floats(a), floats(b)], op as never, {
        gradient: index === 0 || ['add', 'sub', 'mul'].includes(name),
      }),
    ),
  ),
  ...arithmetic.flatMap(([name, op]) =>
    broadcasts.map(([a, b]) => agreesInValue(name, [ints(a), ints(b)], op as never)),
  ),
  ...arithmetic.map(([name, op]) => agreesInValue(`${name} of special numbers`, onEdges(corners), op as never)),
  ...arithmetic.map(([name, op]) => agrees(`${name} of mixed types`, [floats([2, 3]), ints([3])], op as never)),
  agreesInValue('mul', [bools([5]), bools([5])], tf.mul),
  agrees('add to itself', [floats([3])], (x) => tf.add(x, x)),
  agrees('mul by itself', [floats([3])], (x) => tf.mul(x, x)),
  agreesInValue('add of nothing', [floats([0, 3]), floats([3])], tf.add),

  ...broadcasts.map(([a, b]) => agrees('div', [floats(a), floats(b, 0.2, 3)], tf.div)),
  agreesInValue('div of special numbers', onEdges(corners), tf.div),
  agrees('div by numbers', [floats([5])], (x) => [tf.div(x, 3), tf.div(3, tf.add(x, 4)), tf.div(tf.div(x, 7), 0.3)]),
  agreesInValue('div by numbers at the ends of the range', [exactly([0, 1, 3e38, -3e38, Infinity, 1e-30])], (x) => [
    tf.div(x, 3e38),
    tf.div(x, 0),
    tf.div(tf.div(x, 1e30), 1e30),
  ]),
  agreesInValue('div by zeros of both signs', [exactly([1, 1])], (x) => [
    tf.div(x, tf.tensor1d([0, -0])),
    tf.div(x, tf.tensor1d([0, 5])),
    tf.div(x, tf.tensor1d([-0, 5])),
  ]),
  agreesInValue('div of integers', [signedInts, divisors], tf.div),
  agreesInValue('divNoNan', onEdges([0, 1, -2, 3.5]), tf.divNoNan),
  ...broadcasts.map(([a, b]) => agreesInValue('floorDiv', [floats(a), floats(b, 0.2, 3)], tf.floorDiv)),
  agreesInValue('floorDiv', [signedInts, divisors], tf.floorDiv),
  agreesInValue('floorDiv by zero', [exactly([-1, 0, 1], [3], 'int32'), exactly([0], [1], 'int32')], tf.floorDiv),
  ...broadcasts.map(([a, b]) => agrees('mod', [floats(a, -5, 5), floats(b, 0.5, 3)], tf.mod)),
  agreesInValue(
    'mod',
    [exactly([-7, -6.5, -1, 0, 1, 6.5, 7, 1e6], [8, 1]), exactly([-4, -2.5, 2.5, 4, 0.3], [1, 5])],
    tf.mod,
  ),
  agreesInValue('mod of special numbers', onEdges([NaN, Infinity, -Infinity, 1, -1, 2.5]), tf.mod),
  agreesInValue('mod', [signedInts, divisors], tf.mod),
  agreesInValue(
    'floorDiv and mod of the least integer',
    [exactly([-2147483648], [1, 1], 'int32'), divisors],
    (a, b) => [tf.floorDiv(a, tf.minimum(b, 1)), tf.mod(a, b)],
  ),
  agreesInValue('floorDiv without a quotient', onEdges([NaN, Infinity, -Infinity, 0, 1, -2.5]), tf.floorDiv),
  agreesInValue('mod by zero', [exactly([-1, 0, 1], [3], 'int32'), exactly([0], [1], 'int32')], tf.mod),
  ...broadcasts.map(([a, b]) => agrees('pow', [floats(a, 0.2, 3), floats(b, -2, 2)], tf.pow)),
  agreesInValue(
    'pow of special numbers',
    [exactly([0, 1, -1, 2.5, -2.5, Infinity], [6, 1]), exactly([0, 1, -1, 2, 3, 0.5], [1, 6])],
    tf.pow,
  ),
  agreesInValue('pow', [ints([4, 1]), ints([1, 3], 0, 4)], tf.pow),
  agrees('pow by numbers', [floats([2, 3], 0.5, 2)], (x) => [
    tf.pow(x, 2),
    tf.pow(x, 3),
    tf.pow(x, 0.5),
    tf.pow(x, 1),
    tf.pow(2, x),
  ]),
  agrees('pow by a broadcast square', [floats([3], 0.5, 2)], (x) => tf.pow(x, tf.mul(tf.ones([2, 3]), 2)), {
    gradient: false,
  }),
  ...broadcasts.map(([a, b]) => agrees('atan2', [floats(a), floats(b)], tf.atan2)),
  agreesInValue('atan2 on the axes', [exactly([0, 1, -1], [3, 1]), exactly([0, 1, -1], [1, 3])], tf.atan2),
  agreesInValue('atan2 at a negative zero', [exactly([1, -1]), exactly([-0, -0])], tf.atan2),
  agrees('addN', [floats([2, 3]), floats([2, 3]), floats([2, 3])], (...x) => tf.addN(x)),
  agreesInValue('addN', [ints([4]), ints([4])], (...x) => tf.addN(x)),
  ...broadcasts.map(([a, b]) =>
    agrees('prelu', [floats(a), floats(b)], tf.prelu, {
      gradient: a.length >= b.length && b.length > 0 && a.length === b.length && a[0] === b[0],
    }),
  ),

  ...comparisons.flatMap(([name, op]) => [
    ...broadcasts.flatMap(([a, b]) => [
      agreesInValue(name, [ints(a, 0, 3), ints(b, 0, 3)], op as never),
      agreesInValue(name, [bools(a), bools(b)], op as never),
    ]),
    agreesInValue(name, [floats([3, 4]), floats([3, 4])], op as never),
    agreesInValue(`${name} of special numbers`, onEdges(corners), op as never),
  ]),
  ...logical.flatMap(([name, op]) =>
    broadcasts.map(([a, b]) => agreesInValue(name, [bools(a), bools(b)], op as never)),
  ),
  agreesInValue('logicalNot', [bools([6])], tf.logicalNot),
  agreesInValue(
    'bitwiseAnd',
    [exactly([-1, 12, 255, 2147483647], [4], 'int32'), exactly([-8, 10, 0, -2147483648], [4], 'int32')],
    tf.bitwiseAnd,
  ),

  ...[tf.neg, tf.abs, tf.sign, tf.square, tf.relu, tf.relu6, (x: tf.Tensor) => tf.clipByValue(x, -2, 3)].map(
    (op, index) =>
      agreesInValue(['neg', 'abs', 'sign', 'square', 'relu', 'relu6', 'clipByValue'][index]!, [ints([9])], op as never),
  ),
  ...[tf.round, tf.isNaN, tf.isInf, tf.isFinite].map((op, index) =>
    agreesInValue(['round', 'isNaN', 'isInf', 'isFinite'][index]!, [ints([5])], op as never),
  ),
  agreesInValue('step', [ints([9])], (x) => tf.step(x)),

  agrees('where', [bools([2, 3]), floats([2, 3]), floats([2, 3])], tf.where),
  agreesInValue('where', [bools([2, 3]), ints([2, 3]), ints([2, 3])], tf.where),
  agreesInValue('where', [bools([2, 3]), bools([2, 3]), bools([2, 3])], tf.where),
  agreesInValue('where with broadcasts', [bools([2, 1]), floats([3]), floats([])], tf.where),
  agrees('where against NaN', [floats([6])], (x) => tf.where(tf.greater(x, 0), x, NaN), { gradient: false }),
  agrees('where of a number', [bools([6]), floats([6])], (condition, x) =>
    tf.where(condition, tf.mul(x, 2), tf.zerosLike(x)),
  ),
  agreesInValue('softplus of very negative numbers', [floats([9], -60, -5)], tf.softplus, { atol: 0 }),
  agreesInValue('log1p of huge numbers', [exactly([1e20, 1e37, 3e38, 3.4e38])], tf.log1p),
  agrees('log1p and expm1 of tiny numbers', [floats([9], -1e-4, 1e-4)], (x) => [tf.log1p(x), tf.expm1(x)], {
    atol: 1e-12,
  }),
];

describeConformance('elementwise', elementwiseRules, cases);
