import * as tf from '@tensorflow/tfjs-core';

/** `f(x)` as a constant. `f` may use ops that have no gradient, such as comparisons, which `stopGradient` forbids. */
export function withoutGradient<R extends tf.Rank>(x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor<R>): tf.Tensor<R> {
  const op = tf.customGrad((input: tf.Tensor | tf.GradSaveFunc) => ({
    value: f(input as tf.Tensor),
    gradFunc: () => tf.zeros(x.shape),
  }));
  return op(x) as tf.Tensor<R>;
}
