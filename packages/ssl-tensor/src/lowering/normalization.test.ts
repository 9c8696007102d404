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
]);
