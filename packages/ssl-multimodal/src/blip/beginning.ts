import * as tf from '@tensorflow/tfjs-core';

/**
 * The same texts with another first token.
 *
 * @param ids int32 `[batch, tokens]`
 */
export function beginning(ids: tf.Tensor, first: number): tf.Tensor2D {
  const [batch, length] = ids.shape as [number, number];
  const rest = tf.slice(ids, [0, 1], [batch, length - 1]);
  return tf.concat([tf.fill([batch, 1], first, 'int32'), rest], 1) as tf.Tensor2D;
}
