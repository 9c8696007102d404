import * as tf from '@tensorflow/tfjs-core';
import { scaledDotProductAttention, type AttentionOptions } from '@selfsup/ssl-tensor';

/** Queries, keys and values, all `[heads, batch, tokens, dim]`. */
export interface AttentionStates {
  readonly queries: tf.Tensor4D;
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
}

/** Relative positions of a layer, projected, by column of `RelativeRows`. */
export interface ProjectedPositions {
  /** For c2p, in descending order of offsets, `[heads, 2 * tokens, dim]`. */
  readonly keys?: tf.Tensor3D;
  /** For p2c, in ascending order of offsets, `[heads, 2 * tokens, dim]`. */
  readonly queries?: tf.Tensor3D;
}

/**
 * Attention with scores of contents and of relative positions.
 *
 * `A[i, j] = (q_i . k_j + q_i . K_d + k_j . Q_d) * scale` with `d` the row of offset `i - j`, then softmax and the mean of
 * the values. Each score depends on its offset alone, so it is computed for the `2 * tokens - 1` offsets and moved into
 * place by reshapes and slices: no index of `[tokens, tokens]`, and as gradient no scatter.
 *
 * Heads stand before the batch, so that positions meet all rows of a head in one product.
 *
 * @param scale `1 / sqrt(dim * (1 + kinds of scores))`
 * @param options `mask` float32 `[1, batch, 1 or tokens, tokens]`, and `dropout`, as `scaledDotProductAttention` takes them
 * @returns `[heads, batch, tokens, dim]`
 * Source: He et al. 2020, arXiv:2006.03654, equation 4.
 */
export function disentangledAttention(
  { queries, keys, values }: AttentionStates,
  positions: ProjectedPositions,
  scale: number,
  options: Pick<AttentionOptions, 'mask' | 'dropout'> = {},
): tf.Tensor4D {
  // Positions are few: to scale them is cheaper than their scores.
  const toPositions = positions.keys === undefined ? undefined : byOffset(queries, tf.mul(positions.keys, scale));
  const fromPositions =
    positions.queries === undefined
      ? undefined
      : tf.transpose(byOffset(keys, tf.mul(positions.queries, scale)), [0, 1, 3, 2]);
  const bias =
    toPositions !== undefined && fromPositions !== undefined
      ? tf.add(toPositions, fromPositions)
      : (toPositions ?? fromPositions);
  return scaledDotProductAttention(queries, keys, values, {
    ...options,
    scale,
    ...(bias === undefined ? {} : { bias }),
  });
}

/** Products of states with positions by column, moved to `[heads, batch, tokens, tokens]`. */
function byOffset(states: tf.Tensor4D, positions: tf.Tensor3D): tf.Tensor4D {
  const [heads, batch, tokens, dim] = states.shape;
  const rows = tf.reshape(states, [heads, batch * tokens, dim]) as tf.Tensor3D;
  const products = tf.matMul(rows, positions, false, true);
  return shiftRows(tf.reshape(products, [heads, batch, tokens, 2 * tokens]));
}

/**
 * Row i of the result is `tokens` columns of row i, from column `tokens - 1 - i` on.
 *
 * Rows that are read as one column shorter than they are begin a column earlier each, the step of Transformer-XL's relative
 * shift (Dai et al. 2019, arXiv:1901.02860, appendix B).
 *
 * @param x `[..., tokens, 2 * tokens]`, rank 4
 * @returns `[..., tokens, tokens]`
 */
export function shiftRows(x: tf.Tensor4D): tf.Tensor4D {
  const [heads, batch, tokens, columns] = x.shape;
  const flat = tf.reshape(x, [heads, batch, tokens * columns]) as tf.Tensor3D;
  const shorter = tf.slice(flat, [0, 0, 0], [heads, batch, tokens * (columns - 1)]);
  const rows = tf.reshape(shorter, [heads, batch, tokens, columns - 1]) as tf.Tensor4D;
  return tf.slice(rows, [0, 0, 0, tokens - 1], [heads, batch, tokens, tokens]);
}
