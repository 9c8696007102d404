import * as tf from '@tensorflow/tfjs-core';

/** The slope of a power below 1 ends here. */
const smallest = 1e-12;

/** `losses * miss^gamma`, where `miss` is the probability of anything but the target. */
export function focalWeight(losses: tf.Tensor, miss: tf.Tensor, gamma: number): tf.Tensor {
  if (gamma === 0) return losses;
  if (gamma === 1) return tf.mul(losses, miss);
  return tf.mul(losses, gamma === 2 ? tf.square(miss) : tf.pow(tf.maximum(miss, smallest), gamma));
}
