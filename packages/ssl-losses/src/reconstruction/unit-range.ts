import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@selfsup/ssl-tensor';

/**
 * `x` divided by its largest magnitude, which counts as a constant: for functions whose value does not depend on the scale
 * of `x`, so that squares of squares neither vanish nor overflow.
 */
export function unitRange<T extends tf.Tensor>(x: T): T {
  const largest = tf.max(tf.abs(stopGradient(x)));
  return tf.div(x, tf.maximum(largest, 1e-12));
}
