import * as tf from '@tensorflow/tfjs-core';
import { channelSums } from '@selfsup/ssl-tensor';

/**
 * Joint Euclidean norm of gradients, float32 scalar. Runs eagerly or inside `compile()`.
 *
 * @param gradients float32 tensors of any shape, at least one
 */
export function globalNorm(gradients: tf.NamedTensorMap): tf.Scalar {
  // In blocks, which leave no tensor of the gradient's size behind.
  const squares = Object.values(gradients).map((gradient) => {
    const [sum] = channelSums([tf.reshape(gradient, [gradient.size, 1])], (column) => [tf.square(column)]);
    return tf.reshape(sum, []);
  });
  return tf.sqrt(tf.addN(squares)) as tf.Scalar;
}
