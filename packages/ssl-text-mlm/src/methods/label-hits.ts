import * as tf from '@tensorflow/tfjs-core';

/**
 * Where the label has the highest score. Of equal scores the lowest class is first, as everywhere in these packages, so a
 * tie is a hit for that one alone. A row with a NaN has no hit.
 *
 * @param logits `[n, classes]`
 * @param labels int32 `[n]`; one that is no class is no hit
 * @returns float32 `[n]`, 1 = hit
 */
export function labelHits(logits: tf.Tensor2D, labels: tf.Tensor): tf.Tensor1D {
  // The maximum and the sum are those of the cross-entropy: compiled, they are computed once.
  const shift = tf.max(logits, -1, true);
  const total = tf.reshape(tf.sum(tf.exp(tf.sub(logits, shift)), -1, true), [logits.shape[0]]);
  const first = tf.equal(tf.argMax(logits, 1), labels);
  return tf.cast(tf.logicalAnd(first, tf.equal(total, total)), 'float32') as tf.Tensor1D;
}
