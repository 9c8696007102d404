import * as tf from '@tensorflow/tfjs-core';

/** Added to the scores of keys that are not to be attended to: their weight becomes exactly 0 in float32. */
const hidden = -1e9;

/** What says which tokens see each other. */
export interface SeenTokens {
  /** int32 `[batch, tokens]`, 1 = token, 0 = padding. */
  readonly attentionMask?: tf.Tensor;
  /** int32 `[batch, tokens]`: a token sees those of its own number alone. */
  readonly segments?: tf.Tensor;
}

/**
 * Mask of attention in the form that is added to the scores, 0 = seen and -1e9 or less = not. Made once for all layers.
 *
 * @returns float32 `[batch, 1, 1, tokens]` for padding alone, `[batch, 1, tokens, tokens]` with segments; undefined where
 *   all see each other
 */
export function attentionMaskOf({ attentionMask, segments }: SeenTokens): tf.Tensor | undefined {
  const padding = attentionMask === undefined ? undefined : paddingMask(attentionMask);
  if (segments === undefined) return padding;
  const [batch, tokens] = segments.shape as [number, number];
  const asking = tf.reshape(segments, [batch, 1, tokens, 1]);
  const apart = tf.notEqual(asking, tf.reshape(segments, [batch, 1, 1, tokens]));
  const between = tf.mul(tf.cast(apart, 'float32'), hidden);
  return padding === undefined ? between : tf.minimum(between, padding);
}

/**
 * Adds windows to a mask: a token sees those at most `reach` places away in its row.
 *
 * @param mask of {@link attentionMaskOf}
 * @returns float32 `[1 or batch, 1, tokens, tokens]`; the mask itself where windows hold the whole row
 */
export function windowMaskOf(mask: tf.Tensor | undefined, tokens: number, reach: number): tf.Tensor | undefined {
  if (reach >= tokens - 1) return mask;
  const places = tf.range(0, tokens, 1, 'float32');
  const distance = tf.abs(tf.sub(tf.reshape(places, [tokens, 1]), places));
  const outside = tf.mul(tf.cast(tf.greater(distance, reach), 'float32'), hidden);
  const windows = tf.reshape(outside, [1, 1, tokens, tokens]);
  return mask === undefined ? windows : tf.minimum(windows, mask);
}

function paddingMask(attentionMask: tf.Tensor): tf.Tensor {
  const [batch, tokens] = attentionMask.shape as [number, number];
  return tf.mul(tf.sub(1, tf.cast(tf.reshape(attentionMask, [batch, 1, 1, tokens]), 'float32')), hidden);
}
