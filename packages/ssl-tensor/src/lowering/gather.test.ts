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

  agrees('unsortedSegmentSum', [floats([5, 2]), exactly([2, 0, 2, 3, 0], [5], 'int32')], (x, ids) =>
    tf.unsortedSegmentSum(x, ids, 4),
  ),
  agreesInValue('unsortedSegmentSum', [ints([5]), exactly([1, 0, 1, 1, 0], [5], 'int32')], (x, ids) =>
    tf.cast(tf.unsortedSegmentSum(x, ids, 3), 'float32'),
  ),
  agreesInValue(
    'unsortedSegmentSum without negative ids',
    [floats([4, 2]), exactly([-1, 0, 2, -3], [4], 'int32')],
    (x, ids) => tf.unsortedSegmentSum(x, ids, 3),
  ),
  agreesInValue(
    'unsortedSegmentSum without ids past the end',
    [floats([4, 2]), exactly([1, 0, 3, 7], [4], 'int32')],
    (x, ids) => tf.unsortedSegmentSum(x, ids, 3),
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
