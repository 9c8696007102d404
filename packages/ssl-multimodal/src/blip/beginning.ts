import * as tf from '@tensorflow/tfjs-core';

/**
 * The same texts with another first token.
 *
 * @param ids int32 `[batch, tokens]`
 */
export function beginning(ids: tf.Tensor, first: number): tf.Tensor2D {
  const [batch, length] = ids.shape as [number, number];
  const token = tf.scalar(first, 'int32');
  const rest = tf.slice(ids, [0, 1], [batch, length - 1]);
  return tf.concat([tf.mul(tf.ones([batch, 1], 'int32'), token), rest], 1) as tf.Tensor2D;
}
