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
import { shapeRules } from './shape.js';

/** One op on floats with gradient, and on integers and truths. */
const moved = (
  name: string,
  shape: readonly number[],
  run: ConformanceCase['run'],
  gradient = true,
): ConformanceCase[] => [
  agrees(name, [floats(shape)], run, { gradient }),
  agreesInValue(name, [ints(shape)], run),
  agreesInValue(name, [bools(shape)], run),
];

describeConformance('shape', shapeRules, [
  ...moved('clone', [2, 3], (x) => tf.clone(x)),
  ...moved('reshape', [2, 6], (x) => tf.reshape(x, [3, -1])),
  ...moved('reshape to a scalar', [1, 1], (x) => tf.reshape(x, [])),
  ...moved('reshape of a scalar', [], (x) => tf.reshape(x, [1, 1, 1])),
  ...moved('reshape twice and back', [2, 6], (x) => tf.reshape(tf.reshape(tf.reshape(x, [12]), [3, 4]), [2, 6])),
  agreesInValue('reshape of nothing', [floats([0, 3])], (x) => tf.reshape(x, [3, 0])),
  ...moved('squeeze', [1, 3, 1], (x) => tf.squeeze(x)),
  ...[0, 1, 2, -1, -2].flatMap((axis) => moved(`expandDims ${axis}`, [2, 3], (x) => tf.expandDims(x, axis))),
  ...moved('transpose', [2, 3], (x) => tf.transpose(x)),
  ...moved('transpose of four axes', [2, 1, 3, 4], (x) => tf.transpose(x, [3, 0, 2, 1])),
  ...moved('transpose of axes of one', [2, 1, 3, 1], (x) => tf.transpose(x, [1, 0, 3, 2])),
  ...moved('transpose twice', [2, 3, 4], (x) => tf.transpose(tf.transpose(x, [2, 0, 1]), [1, 0, 2])),
  ...moved('transpose of a broadcast', [3], (x) => tf.transpose(tf.tile(tf.reshape(x, [1, 3]), [2, 1]))),
  ...(['float32', 'int32', 'bool'] as const).flatMap((dtype) => [
    agreesInValue(`cast to ${dtype}`, [floats([2, 3], -3, 3)], (x) => tf.cast(x, dtype)),
    agreesInValue(`cast to ${dtype}`, [ints([6], -2, 3)], (x) => tf.cast(x, dtype)),
    agreesInValue(`cast to ${dtype}`, [bools([6])], (x) => tf.cast(x, dtype)),
  ]),
  agreesInValue('casts in a row', [floats([6], -3, 3)], (x) => [
    tf.cast(tf.cast(x, 'int32'), 'float32'),
    tf.cast(tf.cast(x, 'bool'), 'float32'),
    tf.cast(tf.cast(tf.cast(x, 'bool'), 'int32'), 'bool'),
  ]),
  agrees('cast of a float to itself', [floats([3])], (x) => tf.cast(x, 'float32')),

  ...moved('slice', [4, 5], (x) => tf.slice(x, [1, 2], [2, 3])),
  ...moved('slice to the end', [4, 5], (x) => tf.slice(x, [1, 0], [-1, -1])),
  ...moved('slice of the first axis', [4, 5], (x) => tf.slice(x, 2)),
  ...moved('slice of everything', [4, 5], (x) => tf.slice(x, [0, 0], [4, 5])),
  agreesInValue('slice of nothing', [floats([4, 5])], (x) => tf.slice(x, [1, 0], [0, 5])),
  ...moved('stridedSlice', [6, 5], (x) => tf.stridedSlice(x, [1, 0], [6, 5], [2, 3]), false),
  ...moved('stridedSlice backwards', [6, 5], (x) => tf.stridedSlice(x, [4, -1], [0, -5], [-2, -1]), false),
  ...moved('stridedSlice backwards past the start', [6], (x) => tf.stridedSlice(x, [5], [0], [-1], 1, 1), false),
  ...moved(
    'stridedSlice with masks',
    [4, 5, 2],
    (x) => tf.stridedSlice(x, [0, 1, 0], [4, 3, 2], [1, 1, 1], 1, 2, 0, 0, 4),
    false,
  ),
  ...moved(
    'stridedSlice with an ellipsis and a new axis',
    [2, 3, 4],
    (x) => tf.stridedSlice(x, [0, 0, 0], [1, 0, 2], [1, 1, 1], 0, 0, 2, 4, 1),
    false,
  ),

  agrees('concat', [floats([2, 3]), floats([2, 1]), floats([2, 2])], (...x) => tf.concat(x, 1)),
  agrees('concat over the last axis', [floats([2, 1, 3]), floats([2, 1, 1])], (...x) => tf.concat(x, -1)),
  agrees('concat of one', [floats([2, 3])], (x) => tf.concat([x], 0)),
  agreesInValue('concat', [ints([2]), ints([3])], (...x) => tf.concat(x, 0)),
  agreesInValue('concat', [bools([2]), bools([3])], (...x) => tf.concat(x, 0)),
  agreesInValue('concat with nothing', [floats([0, 2]), floats([3, 2])], (...x) => tf.concat(x, 0)),
  agreesInValue('concat and stack of nothing', [floats([0, 3]), floats([0, 2])], (a, b) => [
    tf.concat([a, b], 1),
    tf.stack([a, a]),
    tf.stack([b, b], 2),
  ]),
  agrees('concat of the same', [floats([2, 2])], (x) => tf.concat([x, x], 0)),
  ...[0, 1, -1].flatMap((axis) => [
    agrees(`stack ${axis}`, [floats([2, 3]), floats([2, 3])], (...x) => tf.stack(x, axis)),
    agreesInValue(`stack ${axis}`, [ints([2, 3]), ints([2, 3])], (...x) => tf.stack(x, axis)),
  ]),
  agrees('stack of scalars', [floats([]), floats([])], (...x) => tf.stack(x)),
  ...[0, 1, -1].flatMap((axis) => moved(`unstack ${axis}`, [2, 3], (x) => tf.unstack(x, axis))),
  ...moved('split', [6, 2], (x) => tf.split(x, 3, 0)),
  ...moved('split in sizes', [2, 6], (x) => tf.split(x, [1, 3, 2], 1)),
  ...moved('split with a rest', [2, 6], (x) => tf.split(x, [1, -1, 2], -1)),
  ...moved('tile', [2, 3], (x) => tf.tile(x, [2, 3])),
  ...moved('tile of ones', [2, 1, 3], (x) => tf.tile(x, [1, 4, 1])),
  ...moved('broadcastTo', [2, 1], (x) => tf.broadcastTo(x, [3, 2, 4])),
  agrees('sum of a broadcast', [floats([2, 1])], (x) => [
    tf.sum(tf.broadcastTo(x, [2, 5]), 1),
    tf.mean(tf.broadcastTo(x, [3, 2, 5]), [0, 2]),
    tf.max(tf.broadcastTo(x, [2, 5])),
  ]),
  ...(
    [
      [
        [2, 1, 3],
        [4, 1],
      ],
      [[1], [5, 1, 2]],
      [[], [3, 2]],
      [[3, 2], []],
      [[], []],
      [
        [2, 0],
        [1, 1],
      ],
    ] as const
  ).map(([a, b]) =>
    agreesInValue(
      `broadcastArgs ${String(a)} and ${String(b)}`,
      [exactly(a, [a.length], 'int32'), exactly(b, [b.length], 'int32')],
      tf.broadcastArgs,
    ),
  ),
  ...moved('pad', [2, 3], (x) =>
    tf.pad(x, [
      [1, 2],
      [0, 1],
    ]),
  ),
  ...moved('pad by nothing', [2, 3], (x) =>
    tf.pad(x, [
      [0, 0],
      [0, 0],
    ]),
  ),
  agrees('pad with a number', [floats([2, 3])], (x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [2, 2],
      ],
      -1.5,
    ),
  ),
  agreesInValue('pad with a number', [ints([2, 3])], (x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [2, 2],
      ],
      7,
    ),
  ),
  ...moved('mirrorPad reflect', [3, 4], (x) =>
    tf.mirrorPad(
      x,
      [
        [1, 2],
        [0, 3],
      ],
      'reflect',
    ),
  ),
  ...moved('mirrorPad symmetric', [3, 4], (x) =>
    tf.mirrorPad(
      x,
      [
        [1, 3],
        [0, 4],
      ],
      'symmetric',
    ),
  ),
  ...moved('reverse', [2, 3], (x) => tf.reverse(x, 1)),
  ...moved('reverse of all axes', [2, 3, 2], (x) => tf.reverse(x)),
  ...moved('reverse of a negative axis', [2, 3], (x) => tf.reverse(x, [-1, 0])),
]);
