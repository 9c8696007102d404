import * as tf from '@tensorflow/tfjs-core';

/**
 * Where the label has the highest score; cheaper than argMax over a vocabulary, because the maximum is also the one that
 * the cross-entropy needs. A tie counts as a hit.
 *
 * @param logits `[n, classes]`
 * @param labels int32 `[n]`
 * @returns float32 `[n]`, 1 = hit
 */
export function labelHits(logits: tf.Tensor2D, labels: tf.Tensor): tf.Tensor1D {
  const [n, classes] = logits.shape;
  const places = tf.add(tf.mul(tf.range(0, n, 1, 'int32'), tf.scalar(classes, 'int32')), labels);
  const scores = tf.gather(tf.reshape(logits, [n * classes]), tf.cast(places, 'int32') as tf.Tensor1D);
  return tf.cast(tf.greaterEqual(scores, tf.reshape(tf.max(logits, -1, true), [n])), 'float32') as tf.Tensor1D;
}
