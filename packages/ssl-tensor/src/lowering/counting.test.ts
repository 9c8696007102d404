import * as tf from '@tensorflow/tfjs-core';
import {
  agreesInValue,
  bools,
  type ConformanceCase,
  describeConformance,
  exactly,
  floats,
  ints,
} from '../../../../test/support/lowering-conformance.js';
import { countingRules } from './counting.js';

const none = (dtype: 'float32' | 'int32' = 'float32'): tf.Tensor1D => tf.tensor1d([], dtype);

const searched = (
  name: string,
  sequence: ReturnType<typeof floats>,
  values: ReturnType<typeof floats>,
): ConformanceCase[] =>
  (['left', 'right'] as const).map((side) =>
    agreesInValue(`searchSorted ${name} from the ${side}`, [sequence, values], (a, b) => tf.searchSorted(a, b, side)),
  );

describeConformance('counting', countingRules, [
  ...[[9], [3, 4], [2, 1, 3], [], [0]].flatMap((shape) => [
    agreesInValue('bincount', [ints(shape, 0, 6)], (x) => [
      tf.bincount(x, none(), 6),
      tf.bincount(x, none('int32'), 4),
      tf.bincount(x, none(), 9),
    ]),
    agreesInValue('bincount', [ints(shape, 0, 6), floats(shape)], (x, weights) => tf.bincount(x, weights, 5)),
    agreesInValue('bincount', [ints(shape, 0, 6), ints(shape)], (x, weights) => tf.bincount(x, weights, 5)),
  ]),
  agreesInValue('bincount of truths', [exactly([0, 3, 1], [3], 'int32'), exactly([1, 0, 1], [3], 'bool')], (x, w) =>
    tf.bincount(x, w, 4),
  ),
  agreesInValue('bincount into nothing', [ints([3], 0, 6)], (x) => tf.bincount(x, none(), 0)),
  agreesInValue(
    'bincount of special weights',
    [exactly([0, 0, 1, 1, 2, 7], [6], 'int32'), exactly([NaN, 1, Infinity, 1, -Infinity, NaN])],
    (x, weights) => tf.bincount(x, weights, 4),
  ),
  ...[false, true].flatMap((binary) =>
    [[9], [3, 4], [1, 5], [4, 1], [0, 3], [3, 0]].flatMap((shape) => [
      agreesInValue(`denseBincount${binary ? ' binary' : ''}`, [ints(shape, 0, 5)], (x) => [
        tf.denseBincount(x, none(), 6, binary),
        tf.denseBincount(x, none('int32'), 3, binary),
      ]),
      ...[floats(shape), ints(shape)].map((weight) =>
        agreesInValue(`denseBincount${binary ? ' binary' : ''}`, [ints(shape, 0, 5), weight], (x, weights) =>
          tf.denseBincount(x, weights, 4, binary),
        ),
      ),
    ]),
  ),

  ...searched('', exactly([1, 3, 3, 5, 7, 9, 2, 2, 2, 2, 2, 8], [2, 6]), ints([2, 5], 0, 10)),
  ...searched('of integers', exactly([-4, -1, 0, 2, 2, 3, 9], [7], 'int32'), ints([20], -6, 12)),
  ...searched('with halves', exactly([-4, -1, 0, 2, 2], [5], 'int32'), floats([9], -5, 4)),
  ...searched('in one', exactly([2], [1]), exactly([1, 2, 3], [3])),
  ...searched('in two', exactly([2, 4], [2]), exactly([1, 2, 3, 4, 5], [5])),
  ...searched('in axes', exactly([0, 1, 2, 0, 0, 0, 1, 1, 1, -1, 0, 1], [2, 2, 3]), ints([2, 2, 4], -2, 4)),
  ...searched('in truths', exactly([0, 0, 1, 1], [4], 'bool'), bools([4])),
  ...searched(
    'at special numbers',
    exactly([-Infinity, -1, -0, 0, 1, Infinity, NaN], [7]),
    exactly([NaN, Infinity, -Infinity, 0, -0, 1e30, 0.5], [7]),
  ),
  ...searched('out of order', floats([3, 11]), floats([3, 7])),
]);
