import * as tf from '@tensorflow/tfjs-core';

/** Part of the gradient that enters the momentum: all of it at a parameter's first update. Nothing without dampening. */
export function undampened(dampening: number, updates: tf.Tensor1D): readonly tf.Tensor1D[] {
  if (dampening === 0) return [];
  return [tf.where(tf.equal(updates, 1), tf.onesLike(updates), tf.fill(updates.shape, 1 - dampening))];
}
