import * as tf from '@tensorflow/tfjs-core';
import {
  agrees,
  agreesInValue,
  type ConformanceCase,
  describeConformance,
  floats,
} from '../../../../test/support/lowering-conformance.js';
import { convRules } from './conv.js';

type Padding = Parameters<typeof tf.conv2d>[3];

/** Sums of many products in another order. */
const sums = { scaled: 1e-5 } as const;

const explicit: Padding = [
  [0, 0],
  [2, 0],
  [1, 3],
  [0, 0],
] as never;

const unequal: Padding = [
  [0, 0],
  [2, 0],
  [0, 1],
  [0, 0],
] as never;

const geometries: readonly (readonly [
  string,
  readonly number[],
  readonly number[],
  number | [number, number],
  Padding,
  number | [number, number],
])[] = [
  ['1x1', [2, 4, 5, 3], [1, 1, 3, 2], 1, 'same', 1],
  ['1x1, stride 2', [2, 5, 6, 3], [1, 1, 3, 2], 2, 'same', 1],
  ['1x1, stride 2, uncovered edge', [2, 6, 6, 3], [1, 1, 3, 2], 2, 'valid', 1],
  ['1x1, padded', [1, 3, 3, 2], [1, 1, 2, 2], 1, 1, 1],
  ['3x3 same', [2, 5, 6, 3], [3, 3, 3, 4], 1, 'same', 1],
  ['3x3 valid', [2, 5, 6, 3], [3, 3, 3, 4], 1, 'valid', 1],
  ['3x3 same on a large image', [1, 12, 12, 4], [3, 3, 4, 4], 1, 'same', 1],
  ['3x3 same, many channels', [2, 8, 8, 16], [3, 3, 16, 16], 1, 'same', 1],
  ['3x3 same, many channels, odd size', [1, 7, 9, 16], [3, 3, 16, 32], 1, 'same', 1],
  ['3x3 same, many channels, large', [1, 12, 10, 8], [3, 3, 8, 8], 1, 'same', 1],
  ['3x3, stride 2, many channels', [2, 8, 8, 8], [3, 3, 8, 16], 2, 'same', 1],
  ['3x3, stride 2, many channels, odd size', [2, 7, 9, 8], [3, 3, 8, 16], 2, 'same', 1],
  ['3x3, stride 2, pad 1, many channels', [2, 8, 6, 16], [3, 3, 16, 8], 2, 1, 1],
  ['3x3, stride 2, many channels, uncovered edge', [1, 8, 10, 8], [3, 3, 8, 8], 2, 'valid', 1],
  ['3x3, stride [2, 1], many channels', [1, 8, 6, 8], [3, 3, 8, 8], [2, 1], 'same', 1],
  ['1x1, stride 2, many channels', [2, 8, 8, 8], [1, 1, 8, 16], 2, 'same', 1],
  ['1x1, stride 2, many channels, odd size', [2, 7, 7, 16], [1, 1, 16, 8], 2, 'valid', 1],
  ['2x2, stride 3, many channels', [1, 9, 8, 8], [2, 2, 8, 8], 3, 'valid', 1],
  ['5x5, pad 2, many channels', [1, 6, 6, 8], [5, 5, 8, 8], 1, 2, 1],
  ['3x3, dilation 2, many channels', [1, 8, 8, 8], [3, 3, 8, 8], 1, 'same', 2],
  // Much of what the windows cover is padding.
  ['3x3, stride 2, pad 1, 7x7 to 4x4', [3, 7, 7, 8], [3, 3, 8, 12], 2, 1, 1],
  ['3x3, stride 2, pad 1, 2x2 to 1x1', [2, 2, 2, 16], [3, 3, 16, 8], 2, 1, 1],
  ['3x3 same on single pixels', [2, 1, 1, 8], [3, 3, 8, 8], 1, 'same', 1],
  ['3x3 same on 3x5 pixels', [2, 3, 5, 8], [3, 3, 8, 8], 1, 'same', 1],
  ['windows that miss the image', [1, 2, 3, 8], [2, 2, 8, 8], 3, 3, 1],
  ['3x3, stride 2, pad 1, many rows', [64, 7, 7, 8], [3, 3, 8, 16], 2, 1, 1],
  // Enough rows for the filter gradient to be a sum of parts.
  ['3x3 same, many pixels, fewer filters than values under one', [16, 16, 16, 8], [3, 3, 8, 8], 1, 'same', 1],
  ['1x1, many pixels, more filters than channels', [16, 16, 16, 8], [1, 1, 8, 16], 1, 'same', 1],
  ['3x3, stride 2, many channels, large', [4, 20, 20, 8], [3, 3, 8, 8], 2, 'same', 1],
  // Enough channels for tiles of 4x4 outputs.
  ['3x3 same, tiles', [2, 8, 4, 48], [3, 3, 48, 48], 1, 'same', 1],
  ['3x3 same, tiles that reach over the edge', [2, 5, 7, 48], [3, 3, 48, 64], 1, 'same', 1],
  ['3x3 valid, tiles', [1, 6, 9, 64], [3, 3, 64, 48], 1, 'valid', 1],
  ['3x3, pad 2, tiles', [1, 3, 3, 48], [3, 3, 48, 48], 1, 2, 1],
  ['3x3, unequal pads, tiles', [1, 4, 3, 48], [3, 3, 48, 48], 1, unequal, 1],
  ['stem of a residual net', [1, 14, 14, 3], [7, 7, 3, 16], 2, 3, 1],
  ['patches', [2, 8, 12, 3], [4, 4, 3, 16], 4, 'valid', 1],
  ['3x3, stride 2', [2, 7, 8, 3], [3, 3, 3, 2], 2, 'same', 1],
  ['3x3, stride 2, large', [1, 16, 16, 3], [3, 3, 3, 2], 2, 'same', 1],
  ['3x3, stride 2, pad 1', [2, 8, 8, 2], [3, 3, 2, 3], 2, 1, 1],
  ['3x3, stride 2, valid, uncovered edge', [1, 6, 8, 2], [3, 3, 2, 3], 2, 'valid', 1],
  ['2x2, stride 2', [1, 6, 6, 2], [2, 2, 2, 3], 2, 'valid', 1],
  ['2x2 same', [1, 5, 5, 2], [2, 2, 2, 3], 1, 'same', 1],
  ['4x4, stride 4', [2, 8, 8, 3], [4, 4, 3, 5], 4, 'valid', 1],
  ['7x7, stride 2, pad 3', [1, 9, 9, 2], [7, 7, 2, 3], 2, 3, 1],
  ['3x1, stride [2, 1]', [1, 7, 5, 2], [3, 1, 2, 3], [2, 1], 'same', 1],
  ['3x3, dilation 2', [1, 8, 8, 2], [3, 3, 2, 3], 1, 'same', 2],
  ['explicit padding', [1, 5, 5, 2], [3, 3, 2, 3], 1, explicit, 1],
  ['pad wider than the filter', [1, 3, 3, 1], [2, 2, 1, 1], 1, 2, 1],
  ['filter as large as the image', [2, 4, 4, 2], [4, 4, 2, 3], 1, 'valid', 1],
  ['stride wider than the filter', [1, 7, 7, 2], [2, 2, 2, 2], 3, 'valid', 1],
  ['one pixel', [1, 1, 1, 1], [1, 1, 1, 1], 1, 'valid', 1],
];

/** TF.js's gradients exist for dilation 1 and padding that is not explicit. */
const differentiable = (pad: Padding, dilation: unknown): boolean => dilation === 1 && pad !== explicit;

const convolutions = geometries.map(([name, x, filter, stride, pad, dilation]) =>
  agrees(`conv2d ${name}`, [floats(x), floats(filter)], (a, b) => tf.conv2d(a, b, stride, pad, 'NHWC', dilation), {
    ...sums,
    gradient: differentiable(pad, dilation),
  }),
);

const depthwise = geometries
  .filter(([name]) => /^(?:1x1|3x3 same|3x3 valid|3x3, stride 2|2x2 same|3x3, dil|stride)/.test(name))
  .flatMap(([name, x, filter, stride, pad, dilation]) =>
    [1, 2].map((multiplier) =>
      agrees(
        `depthwiseConv2d ${name}`,
        [floats(x), floats([filter[0]!, filter[1]!, x[3]!, multiplier])],
        (a, b) => tf.depthwiseConv2d(a, b, stride, pad as 'same', 'NHWC', dilation),
        {
          ...sums,
          gradient: differentiable(pad, dilation),
        },
      ),
    ),
  );

/** Filters whose gradient is taken some rows at a time. */
const largeDepthwise = (
  [
    ['7x7 same, rows in parts', [2, 20, 40, 3], 7, 1, 'same'],
    ['7x7 same, wider than a part', [1, 3, 300, 2], 7, 1, 'same'],
    ['7x7 pad 3 on a small image', [2, 2, 3, 3], 7, 1, 3],
    ['5x5, stride 2 same, odd size', [2, 37, 41, 3], 5, 2, 'same'],
    ['5x5, stride 2 valid, uncovered edge', [2, 20, 22, 2], 5, 2, 'valid'],
    ['5x5, explicit padding', [1, 9, 8, 2], 5, 1, explicit],
  ] as const
).map(([name, x, side, stride, pad]) =>
  agrees(
    `depthwiseConv2d ${name}`,
    [floats(x), floats([side, side, x[3], 1])],
    (a, b) => tf.depthwiseConv2d(a, b, stride, pad as 'same'),
    sums,
  ),
);

const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;

const fused: ConformanceCase[] = activations.flatMap((activation) => [
  agreesInValue(
    `fused conv2d with ${activation}`,
    [floats([1, 4, 4, 2]), floats([3, 3, 2, 3]), floats([3]), floats([4, 4, 3])],
    (x, filter, bias, alpha) =>
      tf.fused.conv2d({
        x,
        filter,
        strides: 1,
        pad: 'same',
        bias,
        activation,
        leakyreluAlpha: 0.3,
        preluActivationWeights: alpha,
      }),
    sums,
  ),
  agreesInValue(
    `fused depthwiseConv2d with ${activation}`,
    [floats([1, 4, 4, 3]), floats([3, 3, 3, 1]), floats([3]), floats([4, 4, 3])],
    (x, filter, bias, alpha) =>
      tf.fused.depthwiseConv2d({
        x,
        filter,
        strides: 1,
        pad: 'same',
        bias,
        activation,
        leakyreluAlpha: 0.3,
        preluActivationWeights: alpha,
      }),
    sums,
  ),
]);

describeConformance('conv', convRules, [
  ...convolutions,
  ...depthwise,
  ...largeDepthwise,
  ...fused,
  agrees(
    'fused conv2d',
    [floats([1, 4, 4, 2]), floats([3, 3, 2, 3]), floats([3])],
    (x, filter, bias) => tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation: 'relu' }),
    sums,
  ),
  agrees(
    'conv2d of channels first',
    [floats([2, 3, 5, 6]), floats([3, 3, 3, 4])],
    (x, filter) => tf.conv2d(x, filter, 1, 'same', 'NCHW'),
    sums,
  ),
  agrees(
    'conv2d of channels first, stride 2',
    [floats([2, 3, 5, 6]), floats([3, 3, 3, 4])],
    (x, filter) => tf.conv2d(x, filter, 2, 'same', 'NCHW'),
    sums,
  ),
  agrees(
    'conv2d of one image',
    [floats([5, 6, 3]), floats([3, 3, 3, 4])],
    (x, filter) => tf.conv2d(x, filter, 1, 'same'),
    sums,
  ),
  // TF.js's gradients forget the rounding mode.
  agreesInValue(
    'conv2d with rounding up',
    [floats([1, 6, 6, 2]), floats([3, 3, 2, 2])],
    (x, filter) => tf.conv2d(x, filter, 2, 0, 'NHWC', 1, 'ceil'),
    sums,
  ),
  agrees(
    'conv2d with rounding down',
    [floats([1, 6, 6, 2]), floats([3, 3, 2, 2])],
    (x, filter) => tf.conv2d(x, filter, 2, 0, 'NHWC', 1, 'floor'),
    sums,
  ),
  agrees('conv1d', [floats([2, 9, 3]), floats([3, 3, 4])], (x, filter) => tf.conv1d(x, filter, 2, 'same'), sums),
  agrees(
    'conv2dTranspose',
    [floats([2, 3, 3, 4]), floats([3, 3, 2, 4])],
    (x, filter) => tf.conv2dTranspose(x, filter, [2, 6, 6, 2], 2, 'same'),
    sums,
  ),
  agrees(
    'conv2dTranspose, stride 1',
    [floats([1, 4, 4, 3]), floats([3, 3, 2, 3])],
    (x, filter) => tf.conv2dTranspose(x, filter, [1, 4, 4, 2], 1, 'same'),
    sums,
  ),
  agrees(
    'separableConv2d',
    [floats([1, 5, 5, 2]), floats([3, 3, 2, 2]), floats([1, 1, 4, 3])],
    (x, depth, point) => tf.separableConv2d(x, depth, point, 1, 'same'),
    sums,
  ),
  agrees(
    'second derivative of conv2d',
    [floats([1, 5, 5, 2]), floats([3, 3, 2, 2])],
    (x: tf.Tensor4D, filter: tf.Tensor4D) =>
      tf.grad((image) => tf.sum(tf.square(tf.conv2d(image as tf.Tensor4D, filter, 1, 'same'))))(x),
    sums,
  ),
]);
