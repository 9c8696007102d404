import * as tf from '@tensorflow/tfjs-core';
import { agrees, agreesInValue, describeConformance, floats } from '../../../../test/support/lowering-conformance.js';
import { normalizationRules } from './normalization.js';

const positive = (shape: readonly number[]): ReturnType<typeof floats> => floats(shape, 0.3, 2);

describeConformance('normalization', normalizationRules, [
  ...[
    [4, 3],
    [2, 4, 3],
    [2, 3, 4, 3],
  ].flatMap((shape) => [
    agrees(
      'batchNorm',
      [floats(shape), floats([3]), positive([3]), floats([3]), floats([3])],
      (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale, 1e-3),
    ),
    // TF.js cannot differentiate it without a scale.
    agrees(
      'batchNorm without offset and scale',
      [floats(shape), floats([3]), positive([3])],
      (x, mean, variance) => tf.batchNorm(x, mean, variance),
      { gradient: false },
    ),
  ]),
  agreesInValue(
    'batchNorm with statistics per element',
    [floats([4, 3]), floats([4, 3]), positive([4, 3])],
    (x, mean, variance) => tf.batchNorm(x, mean, variance),
  ),
  agrees('batchNorm by moments', [floats([4, 5, 3]), floats([3]), floats([3])], (x, scale, offset) => {
    const { mean, variance } = tf.moments(x, [0, 1]);
    return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset, scale, 1e-5);
  }),
  ...(
    [
      [[2, 3, 4, 7], 5, 1, 1, 0.5],
      [[1, 4, 3, 8], 2, 1, 1e-3, 0.75],
      [[1, 2, 3, 5], 0, 0.5, 2, 1],
      [[1, 2, 3, 4], 10, 2, 0.3, 1.5],
      [[1, 1, 1, 1], 1, 1, 1, 0.5],
      [[3, 4, 6], 1, 1.5, 0.5, 0.75],
    ] as const
  ).map(([shape, ...options]) =>
    agrees(`localResponseNormalization ${options.join(' ')}`, [floats(shape)], (x) =>
      tf.localResponseNormalization(x, ...options),
    ),
  ),
]);
