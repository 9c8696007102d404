import * as tf from '@tensorflow/tfjs-core';

/**
 * Mean of the tokens of each sequence.
 *
 * @param hidden `[batch, tokens, hidden]`
 * @param attentionMask `[batch, tokens]`, 1 = token, 0 = padding. Default: no padding
 * @returns `[batch, hidden]`; zeros for a sequence of padding alone
 */
export function meanPool(hidden: tf.Tensor3D, attentionMask?: tf.Tensor): tf.Tensor2D {
  if (attentionMask === undefined) return tf.mean(hidden, 1);
  const [batch, tokens, dim] = hidden.shape;
  const mask = tf.cast(attentionMask, 'float32');
  const weights = tf.div(mask, tf.maximum(tf.sum(mask, 1, true), 1));
  // One product instead of a masked copy of all hidden states.
  return tf.reshape(tf.matMul(tf.reshape(weights, [batch, 1, tokens]) as tf.Tensor3D, hidden), [batch, dim]);
}
