import * as tf from '@tensorflow/tfjs-core';

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /** Added to the scores before softmax; broadcasts to `[batch, heads, queries, keys]`. 0 keeps, -1e9 masks. */
  readonly mask?: tf.Tensor;
  /** Factor on the scores. Default `1 / sqrt(dim)`. */
  readonly scale?: number;
}

/**
 * Attention: `softmax(q k^T * scale + mask) v`.
 *
 * @param q `[batch, heads, queries, dim]`
 * @param k `[batch, heads, keys, dim]`
 * @param v `[batch, heads, keys, dim]`
 * @returns `[batch, heads, queries, dim]`
 * Source: Vaswani et al. 2017, arXiv 1706.03762, equation 1.
 */
export function scaledDotProductAttention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  { mask, scale = 1 / Math.sqrt(q.shape[3]) }: AttentionOptions = {},
): tf.Tensor4D {
  // Scaling the queries costs tokens * dim products instead of tokens * tokens.
  const scores = tf.matMul(tf.mul(q, scale) as tf.Tensor4D, k, false, true);
  const masked = mask === undefined ? scores : tf.add(scores, mask);
  return tf.matMul(tf.softmax(masked), v) as tf.Tensor4D;
}
