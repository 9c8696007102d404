import * as tf from '@tensorflow/tfjs-core';

/** `1 - beta^step`, without the cancellation that `pow` has in float32. */
export function biasCorrection(beta: number, step: tf.Scalar): tf.Tensor {
  return beta === 0 ? tf.scalar(1) : tf.neg(tf.expm1(tf.mul(step, Math.log(beta))));
}
