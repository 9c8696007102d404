import * as tf from '@tensorflow/tfjs-core';
import { agrees, describeConformance, exactly, floats } from '../../../../test/support/lowering-conformance.js';
import { morphologyRules } from './morphology.js';

type Pair = number | [number, number];
type Padding = 'same' | 'valid' | number;

/** Image, filter, stride, padding, dilation. */
const geometries: readonly (readonly [readonly number[], readonly number[], Pair, Padding, Pair])[] = [
  [[2, 4, 6, 3], [2, 2, 3], 2, 'valid', 1],
  [[2, 5, 7, 3], [3, 3, 3], 1, 'same', 1],
  [[1, 5, 7, 2], [3, 2, 2], 1, 'valid', 1],
  [[1, 6, 5, 2], [3, 3, 2], 2, 'same', 1],
  [[1, 6, 5, 2], [3, 3, 2], 2, 1, 1],
  [[1, 7, 7, 2], [2, 2, 2], 3, 'valid', 1],
  [[1, 7, 8, 2], [1, 2, 2], [3, 4], 'same', 1],
  [[1, 6, 4, 2], [3, 1, 2], [2, 1], 'same', 1],
  [[1, 7, 7, 2], [3, 3, 2], 1, 'same', 2],
  [[1, 7, 8, 2], [2, 3, 2], 2, 'valid', [2, 3]],
  [[2, 3, 3, 3], [1, 1, 3], 1, 'valid', 1],
  [[1, 1, 1, 1], [1, 1, 1], 1, 'valid', 1],
  [[1, 1, 1, 2], [3, 3, 2], 1, 'same', 1],
  [[2, 4, 4, 2], [4, 4, 2], 1, 'valid', 1],
];

/** Windows that see no pixel. */
const blind: typeof geometries = [
  [[1, 2, 3, 2], [2, 2, 2], 1, 'same', 3],
  [[2, 2, 4, 1], [2, 1, 1], 1, 'same', [4, 1]],
];

const some = exactly([1, 1, 2, 2, 1, 1, 2, 2, 0, 0, 0, 0, 3, 3, 0, 3], [1, 4, 4, 1]);

describeConformance('morphology', morphologyRules, [
  ...[...geometries, ...blind].map(([x, filter, stride, pad, dilation]) =>
    agrees(`dilation2d by ${String(stride)} ${pad} dilated ${String(dilation)}`, [floats(x), floats(filter)], (a, b) =>
      tf.dilation2d(a, b, stride, pad as 'same', dilation),
    ),
  ),
  agrees('dilation2d of one image', [floats([5, 6, 3]), floats([2, 3, 3])], (x, filter) =>
    tf.dilation2d(x, filter, 1, 'same'),
  ),
  ...(['same', 'valid'] as const).map((pad) =>
    agrees(`dilation2d of equal sums ${pad}`, [some, exactly([1, 0, 0, 1], [2, 2, 1])], (x, filter) =>
      tf.dilation2d(x, filter, 1, pad),
    ),
  ),
]);
