import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor } from '@selfsup/ssl-core';

/**
 * The value of `x`, through which no gradient flows.
 *
 * @param x any shape
 * @returns same shape and values
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  checkIsTensor('stopGradient', 'x', x);
  const op = tf.customGrad((input: tf.Tensor | tf.GradSaveFunc) => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return op(x) as T;
}
