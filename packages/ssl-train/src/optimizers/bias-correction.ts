import * as tf from '@tensorflow/tfjs-core';

/** `1 - beta^updates`, without the cancellation that `pow` has in float32. */
export function biasCorrection(beta: number, updates: tf.Tensor): tf.Tensor {
  return beta === 0 ? tf.onesLike(updates) : tf.neg(tf.expm1(tf.mul(updates, Math.log(beta))));
}
