import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@selfsup/ssl-tensor';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';

/**
 * For each place of `x`, the place of `y` in the same image whose vector has the largest cosine with its own.
 *
 * @param x `[batch, n, dim]`
 * @param y `[batch, m, dim]`
 * @returns int32 `[batch, n]`, each in `[0, m)`; no gradient flows
 * @throws ShapeError when the shapes do not match
 * Source: Wang et al. 2021, arXiv 2011.09157; as lightly's `most_similar_index`.
 */
export function mostSimilar(x: tf.Tensor3D, y: tf.Tensor3D): tf.Tensor2D {
  checkTensor('mostSimilar', 'x', x, ['batch', 'n', 'dim']);
  checkTensor('mostSimilar', 'y', y, [x.shape[0], 'm', x.shape[2]]);
  // The length of x's own vectors changes no order.
  const [batch, places, dim] = y.shape;
  const unit = tf.reshape(l2Normalize(tf.reshape(stopGradient(y), [batch * places, dim])), y.shape);
  return tf.argMax(tf.matMul(stopGradient(x), unit, false, true), 2);
}
