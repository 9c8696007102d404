import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  agrees,
  agreesInValue,
  describeConformance,
  exactly,
  floats,
  ints,
} from '../../../../test/support/lowering-conformance.js';
import { compile } from '../compile/compile.js';
import { InvalidOptionError, ShapeError, UnsupportedOpError } from '@selfsup/ssl-core';
import { segmentRules } from './segment.js';

const ids = (values: readonly number[]): tf.Tensor1D => tf.tensor1d([...values], 'int32');
const { sparseSegmentSum, sparseSegmentMean } = tf.sparse;

const sparse = [
  ['sparseSegmentSum', sparseSegmentSum],
  ['sparseSegmentMean', sparseSegmentMean],
] as const;

describeConformance('segment', segmentRules, [
  agrees('unsortedSegmentSum', [floats([5, 2]), exactly([2, 0, 2, 3, 0], [5], 'int32')], (x, ids) =>
    tf.unsortedSegmentSum(x, ids, 4),
  ),
  agreesInValue('unsortedSegmentSum', [ints([5]), exactly([1, 0, 1, 1, 0], [5], 'int32')], (x, ids) =>
    tf.unsortedSegmentSum(x, ids, 3),
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
  agreesInValue('unsortedSegmentSum of nothing', [floats([0, 2]), ints([0])], (x, at) =>
    tf.unsortedSegmentSum(x, at, 3),
  ),

  ...sparse.flatMap(([name, op]) => [
    ...[floats([5, 2, 3]), floats([5]), ints([5, 2], -9, 10)].map((data) =>
      agreesInValue(name, [data, ints([6], 0, 5)], (x, indices) => op(x, indices, ids([0, 0, 2, 3, 3, 3]))),
    ),
    agreesInValue(`${name} into one row`, [floats([5, 2]), ints([3], 0, 5)], (x, indices) =>
      op(x, indices, ids([0, 0, 0])),
    ),
    agreesInValue(`${name} into a later row`, [floats([5, 2]), ints([3], 0, 5)], (x, indices) =>
      op(x, indices, ids([2, 2, 2])),
    ),
    agreesInValue(`${name} of nothing`, [floats([5, 2]), ints([0], 0, 5)], (x, indices) => op(x, indices, ids([]))),
    agreesInValue(
      `${name} of special numbers`,
      [exactly([NaN, 1, Infinity, -Infinity, 2, 3], [6]), exactly([0, 1, 2, 3, 4, 2, 1], [7], 'int32')],
      (x, indices) => op(x, indices, ids([0, 0, 1, 1, 2, 3, 3])),
    ),
  ]),
]);

describe('sparse segments that have no static shape or no meaning', () => {
  const data = { data: Float32Array.of(1, 2, 3), shape: [3] };
  const at = { data: Int32Array.of(0, 2), shape: [2] };

  it('refuses ids that are not known while tracing', async () => {
    const sum = compile((x: tf.Tensor1D, indices: tf.Tensor1D) => sparseSegmentSum(x, indices, indices));
    await expect(sum(data, at)).rejects.toThrow(UnsupportedOpError);
    await expect(sum(data, at)).rejects.toThrow(/segmentIds[\s\S]*unsortedSegmentSum/);
  });

  it.each([
    ['ids out of order', [1, 0], InvalidOptionError],
    ['negative ids', [-1, 0], InvalidOptionError],
    ['more ids than indices', [0, 0, 1], ShapeError],
  ] as const)('refuses %s', async (_, values, error) => {
    const mean = compile((x: tf.Tensor1D, indices: tf.Tensor1D) => sparseSegmentMean(x, indices, ids(values)));
    await expect(mean(data, at)).rejects.toThrow(error);
  });

  it('refuses truths', async () => {
    const sum = compile((x: tf.Tensor1D, indices: tf.Tensor1D) =>
      sparseSegmentSum(tf.greater(x, 1) as tf.Tensor1D, indices, ids([0, 1])),
    );
    await expect(sum(data, at)).rejects.toThrow(InvalidOptionError);
  });
});
