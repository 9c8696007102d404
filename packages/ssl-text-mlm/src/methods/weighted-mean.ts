import * as tf from '@tensorflow/tfjs-core';

/**
 * `sum(values * weights) / sum(weights)`; 0 if all weights are 0.
 *
 * @param values `[n]`
 * @param weights `[n]`, each 0 or 1
 */
export function weightedMean(values: tf.Tensor, weights: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(tf.mul(values, weights)), tf.maximum(tf.sum(weights), 1)) as tf.Scalar;
}
