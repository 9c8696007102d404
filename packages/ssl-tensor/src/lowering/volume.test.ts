import * as tf from '@tensorflow/tfjs-core';
import {
  agrees,
  agreesInValue,
  describeConformance,
  exactly,
  floats,
  ints,
} from '../../../../test/support/lowering-conformance.js';
import { volumeRules } from './volume.js';

type Triple = number | [number, number, number];
type Padding = 'same' | 'valid' | number;
type Rounding = 'floor' | 'round' | 'ceil';

/** Sums of many products in another order. */
const sums = { scaled: 1e-5 } as const;

/** Image, filter, stride, padding, dilation. */
const convolutions: readonly (readonly [string, readonly number[], readonly number[], Triple, Padding, Triple])[] = [
  ['1x1x1', [2, 3, 4, 5, 3], [1, 1, 1, 3, 2], 1, 'same', 1],
  ['one pixel', [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], 1, 'valid', 1],
  ['3x3x3 same', [2, 4, 5, 6, 2], [3, 3, 3, 2, 3], 1, 'same', 1],
  ['3x3x3 valid', [1, 5, 4, 3, 2], [3, 3, 3, 2, 3], 1, 'valid', 1],
  ['3x3x3 same, many channels', [1, 4, 4, 4, 8], [3, 3, 3, 8, 16], 1, 'same', 1],
  ['3x3x3, stride 2', [2, 5, 6, 7, 2], [3, 3, 3, 2, 3], 2, 'same', 1],
  ['3x3x3, stride 2, pad 1', [1, 6, 6, 6, 2], [3, 3, 3, 2, 2], 2, 1, 1],
  ['3x3x3, stride 2, uncovered edge', [1, 6, 8, 5, 2], [3, 3, 3, 2, 2], 2, 'valid', 1],
  ['2x2x2 same', [1, 3, 4, 5, 2], [2, 2, 2, 2, 2], 1, 'same', 1],
  ['patches', [2, 4, 6, 4, 3], [2, 3, 2, 3, 4], [2, 3, 2], 'valid', 1],
  ['1x3x3', [1, 3, 5, 5, 2], [1, 3, 3, 2, 3], 1, 'same', 1],
  ['3x1x2, stride [1, 2, 3]', [1, 5, 5, 7, 2], [3, 1, 2, 2, 2], [1, 2, 3], 'same', 1],
  ['stride wider than the filter', [1, 7, 8, 7, 2], [2, 2, 2, 2, 2], 3, 'valid', 1],
  ['stride wider than the filter, the first window inside', [1, 6, 6, 8, 2], [1, 1, 2, 2, 2], 4, 'same', 1],
  ['pad wider than the filter', [1, 3, 2, 3, 1], [2, 2, 2, 1, 2], 1, 2, 1],
  ['pad wider than the filter, stride 3', [1, 3, 2, 3, 1], [2, 1, 2, 1, 2], 3, 3, 1],
  ['filter as large as the image', [2, 3, 4, 2, 2], [3, 4, 2, 2, 3], 1, 'valid', 1],
  ['no window', [1, 2, 3, 2, 1], [3, 3, 3, 1, 2], 1, 'valid', 1],
  ['dilation 2', [1, 6, 6, 6, 2], [3, 3, 3, 2, 2], 1, 'same', 2],
  ['dilation [1, 2, 3], valid', [1, 3, 5, 7, 2], [2, 3, 2, 2, 2], 1, 'valid', [1, 2, 3]],
];

/** Image, window, stride, padding, rounding. */
const pools: readonly (readonly [readonly number[], Triple, Triple, Padding, Rounding?])[] = [
  [[2, 4, 6, 4, 3], 2, 2, 'valid'],
  [[2, 5, 3, 7, 2], 2, 2, 'same'],
  [[1, 5, 7, 3, 2], 2, 2, 'valid'],
  [[1, 4, 4, 6, 2], 3, 2, 'same'],
  [[1, 4, 6, 4, 2], 3, 2, 1],
  [[1, 4, 3, 5, 1], 3, 1, 'same'],
  [[1, 3, 4, 5, 1], 3, 1, 'valid'],
  [[1, 4, 6, 5, 2], [1, 2, 3], [1, 2, 1], 'same'],
  [[1, 4, 5, 6, 2], [2, 3, 1], [2, 1, 1], 'same'],
  [[1, 4, 5, 6, 2], [2, 3, 2], 1, 'valid'],
  [[1, 4, 5, 6, 2], [1, 2, 4], 2, 'valid'],
  [[1, 6, 6, 6, 1], [3, 4, 2], 2, 1],
  [[1, 7, 7, 7, 1], 2, 3, 'valid'],
  [[1, 6, 6, 8, 2], 1, 4, 'same'],
  [[2, 4, 4, 4, 3], 4, 4, 'valid'],
  [[2, 2, 3, 3, 3], 1, 1, 'valid'],
  [[1, 1, 1, 1, 1], 1, 1, 'valid'],
  [[1, 1, 1, 1, 2], 3, 1, 'same'],
  [[1, 3, 3, 2, 2], 2, 1, 2],
  [[1, 2, 3, 2, 1], 3, 1, 'valid'],
  [[1, 5, 5, 5, 2], 1, 3, 0, 'ceil'],
  [[1, 6, 5, 6, 1], 3, 2, 0, 'floor'],
  [[1, 6, 5, 6, 1], 3, 2, 0, 'ceil'],
  [[1, 6, 5, 6, 1], 3, 2, 1, 'round'],
  // Windows of many elements: all of the image, parts, and none.
  [[2, 5, 4, 5, 2], [5, 4, 5], 1, 'valid'],
  [[1, 6, 5, 7, 2], [5, 4, 5], [1, 1, 2], 'valid'],
  [[1, 4, 4, 4, 1], 5, 1, 'valid'],
];

const text = (...[, filter, stride, pad, rounding]: (typeof pools)[number]): string =>
  `${String(filter)} by ${String(stride)} ${pad}${rounding === undefined ? '' : ` ${rounding}`}`;

const peaks = exactly([0, 1, 1, 0, 0, 1, 1, 0, 2, 2, 2, 2, 0, 0, 1, 1, 0, 3], [1, 2, 3, 3, 1]);

describeConformance('volume', volumeRules, [
  ...convolutions.map(([name, x, filter, stride, pad, dilation]) =>
    agrees(
      `conv3d ${name}`,
      [floats(x), floats(filter)],
      (a, b) => tf.conv3d(a, b, stride, pad as 'same', 'NDHWC', dilation),
      // TF.js has no gradients of dilated convolutions.
      { ...sums, gradient: dilation === 1 },
    ),
  ),
  ...pools.flatMap((item) => [
    agrees(`maxPool3d ${text(...item)}`, [floats(item[0], -3, -1)], (x) =>
      tf.maxPool3d(x, item[1], item[2], item[3], item[4]),
    ),
    agrees(`avgPool3d ${text(...item)}`, [floats(item[0])], (x) => tf.avgPool3d(x, item[1], item[2], item[3], item[4])),
  ]),
  agrees(
    'conv3d of one image',
    [floats([3, 4, 5, 2]), floats([3, 3, 3, 2, 3])],
    (x, filter) => tf.conv3d(x, filter, 1, 'same'),
    sums,
  ),
  agrees('maxPool3d of one image', [floats([4, 6, 4, 3])], (x) => tf.maxPool3d(x, 2, 2, 'valid')),
  agrees('avgPool3d of one image', [floats([4, 6, 4, 3])], (x) => tf.avgPool3d(x, 2, 2, 'valid')),
  ...([2, [1, 2, 3], [1, 3, 2], [2, 3, 1]] as const).map((window) =>
    agrees(`maxPool3d of equal elements ${String(window)}`, [peaks], (x) =>
      tf.maxPool3d(x, window as Triple, 1, 'valid'),
    ),
  ),
  agrees('maxPool3d of equal elements same', [peaks], (x) => tf.maxPool3d(x, 2, 1, 'same')),
  agrees(
    'conv3dTranspose',
    [floats([2, 2, 3, 3, 4]), floats([3, 3, 3, 2, 4])],
    (x, filter) => tf.conv3dTranspose(x, filter, [2, 4, 6, 5, 2], 2, 'same'),
    // TF.js has no gradient of it.
    { ...sums, gradient: false },
  ),
  agreesInValue('maxPool3d of integers', [ints([1, 3, 4, 5, 2])], (x) => tf.maxPool3d(x, 2, 1, 'valid')),
]);
