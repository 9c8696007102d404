import * as tf from '@tensorflow/tfjs-core';
import { noLabel } from '@selfsup/ssl-tensor/host';

/**
 * The weights, 0 where there is no label: what counts in an accuracy is what counts in the loss.
 *
 * @param weights `[n]`
 * @param labels int32 `[n]`, -1 (or -100) = no label
 * @returns `[n]`
 */
export function labelledWeights(weights: tf.Tensor, labels: tf.Tensor): tf.Tensor1D {
  const differs = (mark: number): tf.Tensor => tf.notEqual(labels, tf.scalar(mark, 'int32'));
  return tf.mul(weights, tf.cast(tf.logicalAnd(differs(noLabel), differs(-100)), 'float32')) as tf.Tensor1D;
}
