import * as tf from '@tensorflow/tfjs-core';
import type { VectorUpdate } from './optimizer.js';
import { spread } from './parameter-norms.js';

/** Part of the gradient that enters the momentum: all of it at a parameter's first update. One for all, or per element. */
export function undampened(dampening: number, { updates, sizes, parameters }: VectorUpdate): tf.Tensor {
  if (dampening === 0) return tf.scalar(1);
  const shares = tf.where(tf.equal(updates, 1), tf.onesLike(updates), tf.fill(updates.shape, 1 - dampening));
  return spread(shares as tf.Tensor1D, sizes, parameters.size);
}
