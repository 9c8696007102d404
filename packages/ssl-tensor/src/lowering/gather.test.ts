import * as tf from '@tensorflow/tfjs-core';
import {
  agrees,
  agreesInValue,
  bools,
  describeConformance,
  exactly,
  floats,
  ints,
} from '../../../../test/support/lowering-conformance.js';
import { gatherRules } from './gather.js';

describeConformance('gather', gatherRules, [
  ...[0, 1, 2, -1].map((axis) =>
    agrees(`gather along ${axis}`, [floats([3, 3, 4]), ints([5], 0, 3)], (x, indices) => tf.gather(x, indices, axis)),
  ),
  agrees('gather by a matrix', [floats([5, 2]), ints([2, 3], 0, 5)], (x, indices) => tf.gather(x, indices)),
  agrees('gather by a scalar', [floats([5, 2]), ints([], 0, 5)], (x, indices) => tf.gather(x, indices), {
    gradient: false,
  }),
  agreesInValue('gather', [ints([5, 2]), ints([4], 0, 5)], (x, indices) => tf.gather(x, indices)),
  agreesInValue('gather', [bools([5, 2]), ints([4], 0, 5)], (x, indices) => tf.gather(x, indices)),
  agreesInValue('gather of nothing', [floats([5, 2]), ints([0], 0, 5)], (x, indices) => tf.gather(x, indices)),
  agreesInValue('gather in batches', [floats([2, 5, 3]), ints([2, 4], 0, 5)], (x, indices) =>
    tf.gather(x, indices, 1, 1),
  ),
  agreesInValue('gather in batches, later axis', [floats([2, 3, 5]), ints([2, 4], 0, 5)], (x, indices) =>
    tf.gather(x, indices, 2, 1),
  ),
  agreesInValue('gather in batches by matrices', [floats([2, 5, 3]), ints([2, 4, 2], 0, 5)], (x, indices) =>
    tf.gather(x, indices, 1, 1),
  ),
  agrees('gather of one row many times', [floats([3, 2]), exactly([1, 1, 1, 1], [4], 'int32')], (x, indices) =>
    tf.gather(x, indices),
  ),

  agreesInValue('gatherND', [floats([3, 4, 2]), exactly([0, 1, 2, 3, 1, 0], [3, 2], 'int32')], tf.gatherND),
  agreesInValue('gatherND of elements', [floats([3, 4]), exactly([0, 1, 2, 3], [2, 1, 2], 'int32')], tf.gatherND),
  agreesInValue('gatherND', [ints([4]), exactly([3, 0], [2, 1], 'int32')], tf.gatherND),
  agreesInValue('scatterND', [exactly([4, 1, 4], [3, 1], 'int32'), floats([3, 2])], (indices, updates) =>
    tf.scatterND(indices, updates, [6, 2]),
  ),
  agreesInValue('scatterND', [exactly([0, 1, 2, 2, 0, 1], [3, 2], 'int32'), ints([3])], (indices, updates) =>
    tf.scatterND(indices, updates, [3, 3]),
  ),
  agreesInValue(
    'tensorScatterUpdate',
    [floats([5, 2]), exactly([4, 1], [2, 1], 'int32'), floats([2, 2])],
    tf.tensorScatterUpdate,
  ),

  agreesInValue('tensorScatterUpdate at one place twice', [floats([4]), floats([3])], (x, updates) =>
    tf.tensorScatterUpdate(x, tf.tensor2d([2, 0, 2], [3, 1], 'int32'), updates),
  ),

  ...[floats, ints, bools].flatMap((operand) => [
    agreesInValue('sparseToDense', [exactly([0, 1, 2, 2, 1, 0], [3, 2], 'int32'), operand([3])], (indices, values) =>
      tf.sparseToDense(indices, values, [3, 4], 1),
    ),
    agreesInValue(
      'sparseToDense over a default that is computed',
      [exactly([4, 1, 4], [3], 'int32'), operand([3]), operand([])],
      (indices, values, blank) => tf.sparseToDense(indices, values, [6], blank),
    ),
    agreesInValue('sparseToDense of one value', [exactly([4, 1], [2, 1], 'int32'), operand([])], (indices, value) =>
      tf.sparseToDense(indices, value, [5], 1),
    ),
    agreesInValue('sparseToDense at a scalar', [ints([], 0, 5), operand([])], (index, value) =>
      tf.sparseToDense(index, value, [5], 1),
    ),
    agreesInValue('sparseToDense of nothing', [ints([0, 2]), operand([0])], (indices, values) =>
      tf.sparseToDense(indices, values, [2, 3], 1),
    ),
  ]),
  agreesInValue(
    'sparseToDense of special numbers',
    [exactly([0, 1, 2], [3], 'int32'), exactly([NaN, Infinity, -0])],
    (indices, values) => tf.sparseToDense(indices, values, [5], -Infinity),
  ),

  ...(['int32', 'float32', 'bool'] as const).map((dtype) =>
    agreesInValue(`oneHot ${dtype}`, [ints([2, 3], 0, 4)], (indices) => tf.oneHot(indices, 4, 1, 0, dtype)),
  ),
  agreesInValue('oneHot of a scalar', [ints([], 0, 4)], (indices) => tf.oneHot(indices, 4)),
  agreesInValue('oneHot with indices outside', [exactly([-1, 0, 3, 4, 9], [5], 'int32')], (indices) =>
    tf.oneHot(indices, 4),
  ),
  agreesInValue('oneHot with own values', [ints([5], 0, 3)], (indices) => tf.oneHot(indices, 3, 0.9, 0.05, 'float32')),
]);
