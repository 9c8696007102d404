import * as tf from '@tensorflow/tfjs-core';

/**
 * Cross-entropy of each row against soft targets, `-sum_j t_ij log softmax(x_i)_j`. The targets need not sum to 1: a sum
 * of several distributions gives the sum of their cross-entropies. No gradient flows into them.
 *
 * @param logits `[n, k]`
 * @param targets `[n, k]`, 0 or more
 * @returns `[n]`, nats
 */
export function fixedTargetCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [scores, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    // From the largest score down, so that a row that agrees with its target loses no digits.
    const shifted = tf.sub(scores, tf.max(scores, 1, true));
    const terms = tf.exp(shifted);
    const total = tf.sum(terms, 1, true);
    const weight = tf.sum(targets, 1, true);
    const value = tf.sub(tf.mul(tf.log(total), weight), tf.sum(tf.mul(targets, shifted), 1, true));
    save([terms, tf.div(weight, total), targets]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [exponentials, scale, fixed] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      return tf.mul(tf.sub(tf.mul(exponentials, scale), fixed), tf.reshape(dy, [-1, 1]));
    };
    return { value: tf.reshape(value, [scores.shape[0]]), gradFunc };
  });
  return op(logits) as tf.Tensor1D;
}
