import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** `[batch, tokens, heads * dim]` to `[batch, heads, tokens, dim]`. */
export function splitHeads(x: tf.Tensor3D, heads: number): tf.Tensor4D {
  const [batch, tokens, width] = x.shape;
  return tf.transpose(tf.reshape(x, [batch, tokens, heads, width / heads]) as tf.Tensor4D, [0, 2, 1, 3]);
}

/** `[batch, heads, tokens, dim]` to `[batch, tokens, heads * dim]`. */
export function mergeHeads(x: tf.Tensor4D): tf.Tensor3D {
  const [batch, heads, tokens, dim] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * dim]);
}

/**
 * Attention mask in the additive form: 0 where a key may be attended to, -1e9 where not.
 *
 * @param mask bool or int32 (1 = may be attended to, as Hugging Face's `attention_mask`), or float32 (taken as additive
 *   already). `[batch, keys]` is for all heads and queries; `[batch, queries, keys]` for all heads; rank 4 broadcasts to
 *   `[batch, heads, queries, keys]`.
 * @returns float32, rank 4
 */
export function additiveMask(mask: tf.Tensor): tf.Tensor4D {
  const additive = mask.dtype === 'float32' ? mask : tf.mul(tf.sub(tf.cast(mask, 'float32'), 1), 1e9);
  if (mask.rank === 4) return additive as tf.Tensor4D;
  const [batch, ...rest] = mask.shape;
  return tf.reshape(
    additive,
    rest.length === 1 ? [batch!, 1, 1, rest[0]!] : [batch!, 1, ...(rest as [number, number])],
  );
}

/** The first `count` tokens of `[batch, tokens, dim]`. */
export function firstTokens(x: tf.Tensor3D, count: number): tf.Tensor3D {
  const [batch, tokens, dim] = x.shape;
  if (count === tokens) return x;
  if (!Number.isInteger(count) || count < 1 || count > tokens)
    throw new InvalidOptionError('MultiHeadAttention.forward', 'queries', `from 1 to ${tokens}`, count);
  return tf.slice(x, [0, 0, 0], [batch, count, dim]);
}
