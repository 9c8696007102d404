import * as tf from '@tensorflow/tfjs-core';
import {
  agrees,
  agreesInValue,
  describeConformance,
  exactly,
  floats,
} from '../../../../test/support/lowering-conformance.js';
import { poolRules } from './pool.js';

type Pair = number | [number, number];
type Padding = 'same' | 'valid' | number;

const geometries: readonly (readonly [readonly number[], Pair, Pair, Padding, ('floor' | 'ceil')?])[] = [
  [[2, 4, 6, 3], 2, 2, 'valid'],
  [[2, 5, 7, 3], 2, 2, 'same'],
  [[1, 5, 7, 2], 2, 2, 'valid'],
  [[1, 6, 6, 2], 3, 2, 'same'],
  [[1, 6, 6, 2], 3, 2, 1],
  [[1, 5, 5, 1], 3, 1, 'same'],
  [[1, 5, 5, 1], 3, 1, 'valid'],
  [[1, 6, 4, 2], [3, 1], [2, 1], 'same'],
  [[1, 7, 7, 1], 2, 3, 'valid'],
  [[2, 4, 4, 3], 4, 4, 'valid'],
  [[2, 3, 3, 3], 1, 1, 'valid'],
  [[2, 4, 4, 3], 1, 2, 'valid'],
  [[1, 6, 6, 1], 3, 2, 0, 'floor'],
  [[1, 6, 6, 1], 3, 2, 0, 'ceil'],
  // Windows of many elements: all of the image, and parts.
  [[2, 9, 9, 3], 9, 9, 'valid'],
  [[1, 8, 10, 2], [9, 12], [8, 10], 'same'],
  [[2, 12, 11, 2], [9, 8], [2, 1], 'valid'],
  [[1, 12, 10, 2], 9, 3, 'same'],
  [[1, 10, 10, 1], 9, 4, 3],
];

const text = (...[, filter, stride, pad, rounding]: (typeof geometries)[number]): string =>
  `${String(filter)} by ${String(stride)} ${pad}${rounding === undefined ? '' : ` ${rounding}`}`;

/** TF.js's gradients forget the rounding mode. */
const differentiable = (item: (typeof geometries)[number]): { gradient: boolean } => ({ gradient: item[4] !== 'ceil' });

const equals = exactly([1, 1, 1, 1, 2, 2, 0, 2, 0, 0, 0, 0, 3, 0, 0, 3], [1, 4, 4, 1]);

/** Its indices are no number to differentiate by, and its values have no gradient in TF.js. */
const pair = ({ result, indexes }: tf.NamedTensorMap): tf.Tensor[] => [result!, indexes!];

describeConformance('pool', poolRules, [
  ...geometries.map((item) =>
    agrees(
      `maxPool ${text(...item)}`,
      [floats(item[0], -3, -1)],
      (x) => tf.maxPool(x, item[1], item[2], item[3], item[4]),
      differentiable(item),
    ),
  ),
  ...geometries.map((item) =>
    agrees(
      `avgPool ${text(...item)}`,
      [floats(item[0])],
      (x) => tf.avgPool(x, item[1], item[2], item[3], item[4]),
      differentiable(item),
    ),
  ),
  agrees('maxPool of one image', [floats([4, 6, 3])], (x) => tf.maxPool(x, 2, 2, 'valid')),
  agrees('avgPool of one image', [floats([4, 6, 3])], (x) => tf.avgPool(x, 2, 2, 'valid')),
  agrees('maxPool of equal elements', [equals], (x) => tf.maxPool(x, 2, 2, 'valid')),
  agrees('maxPool of overlapping windows over one peak', [exactly([0, 0, 0, 0, 9, 0, 0, 0, 0], [1, 3, 3, 1])], (x) =>
    tf.maxPool(x, 2, 1, 'valid'),
  ),
  ...geometries
    .filter(([, , , , rounding]) => rounding === undefined)
    .flatMap((item) =>
      [false, true].map((inBatch) =>
        agreesInValue(
          `maxPoolWithArgmax ${text(...item)}${inBatch ? ' in the batch' : ''}`,
          [floats(item[0], -3, -1)],
          (x) => pair(tf.maxPoolWithArgmax(x, item[1], item[2], item[3], inBatch)),
        ),
      ),
    ),
  agreesInValue('maxPoolWithArgmax of equal elements', [equals], (x) => pair(tf.maxPoolWithArgmax(x, 2, 1, 'same'))),
]);
