import * as tf from '@tensorflow/tfjs-core';

/**
 * Huber's compromise between square and absolute value: `x^2 / (2 beta)` where `|x| < beta`, else `|x| - beta / 2`;
 * `|x|` with `beta` 0.
 *
 * @param x any shape
 * @returns same shape
 * Source: Girshick 2015, arXiv 1504.08083, equation 3; with `beta` as `torch.nn.functional.smooth_l1_loss`.
 */
export function smoothAbsolute(x: tf.Tensor, beta: number): tf.Tensor {
  const size = tf.abs(x);
  if (beta === 0) return size;
  // With m = min(|x|, beta): m^2 / (2 beta) + (|x| - m), which is both cases without a choice.
  const near = tf.minimum(size, beta);
  return tf.add(tf.mul(tf.square(near), 0.5 / beta), tf.sub(size, near));
}
