import * as tf from '@tensorflow/tfjs-core';

/**
 * `sum(values * weights) / sum(weights)`; NaN if all weights are 0.
 *
 * @param values `[n]`
 * @param weights `[n]`, each 0 or 1
 */
export function weightedMean(values: tf.Tensor, weights: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(tf.mul(values, weights)), tf.sum(weights)) as tf.Scalar;
}
