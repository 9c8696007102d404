import * as tf from '@tensorflow/tfjs-core';
import { checkRows } from '../numerics/check-rows.js';
import { l2Normalize } from '../numerics/l2-normalize.js';

/** Variances below it are taken as constant: the root's slope ends here, where that of 0 is infinite. */
const smallest = 1e-20;

/**
 * Spread of features: the standard deviation of each dimension over the batch, after scaling the rows to length 1,
 * averaged over dimensions. 0 means collapse to a point; `1 / sqrt(dim)` is what isotropic features reach. Dimensions that
 * are constant, those of zero features too, have the gradient 0.
 *
 * @param z `[batch, dim]`, two or more rows
 * @returns scalar
 * @throws ShapeError on another rank or fewer rows
 * Source: Chen and He 2021 (SimSiam), arXiv 2011.10566.
 */
export function featureStd(z: tf.Tensor2D): tf.Scalar {
  checkRows('featureStd', 'z', z);
  const unit = l2Normalize(z);
  const biased = tf.mean(tf.square(tf.sub(unit, tf.mean(unit, 0))), 0);
  const variance = tf.mul(biased, z.shape[0] / (z.shape[0] - 1));
  // The root, as v / sqrt(v): exactly 0 at 0.
  return tf.mean(tf.mul(variance, tf.rsqrt(tf.maximum(variance, smallest))));
}
