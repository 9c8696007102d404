import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { squaredProducts } from './squared-products.js';

/** Options of {@link vicreg}. */
export interface VicregOptions {
  /** Weight of the distance between the views. */
  readonly lambda?: number;
  /** Weight of the hinge that keeps standard deviations at 1 or above. */
  readonly mu?: number;
  /** Weight of the covariances of different features. */
  readonly nu?: number;
  /** Added to the variance before its root; positive. */
  readonly eps?: number;
}

/** Names of {@link VicregOptions}. */
export const vicregOptionNames: OptionNames<VicregOptions> = {
  lambda: 'optionalNumber',
  mu: 'optionalNumber',
  nu: 'optionalNumber',
  eps: 'optionalNumber',
};

/** Defaults of {@link vicreg}: arXiv 2105.04906. */
export const vicregDefaults = { lambda: 25, mu: 25, nu: 1, eps: 1e-4 } as const;

/**
 * Variance, invariance and covariance of two views:
 * `lambda s(a, b) + mu (v(a) + v(b)) / 2 + nu (c(a) + c(b))`, with the mean squared distance `s`, the hinge
 * `v(z) = mean_j max(0, 1 - sqrt(var(z_j) + eps))` and `c(z) = sum_{i != j} cov(z)_ij^2 / dim`.
 *
 * Axes between the first and the last are places, such as those of a feature map: each has its own statistics over the
 * batch, and the terms are averaged over them.
 *
 * @param zA `[batch, ..., dim]`, two rows or more
 * @param zB same shape, row `i` is another view of row `i` of `zA`
 * @returns scalar
 * @throws ShapeError when the shapes do not match or there is one row; InvalidOptionError for options
 * Source: Bardes et al. 2022, arXiv 2105.04906; with places, VICRegL, arXiv 2210.01571. Equal to
 * lightly's `VICRegLoss`; the mean of both hinges rather than their sum is main_vicreg.py of facebookresearch/vicreg.
 *
 * @example
 * const loss = vicreg(tf.randomNormal([8, 16]), tf.randomNormal([8, 16]));
 */
export function vicreg(zA: tf.Tensor, zB: tf.Tensor, options: VicregOptions = {}): tf.Scalar {
  const { lambda, mu, nu, eps } = { ...vicregDefaults, ...checkOptions('vicreg', options, vicregOptionNames) };
  checkTensors('vicreg', { zA });
  if (zA.rank < 2) checkTensor('vicreg', 'zA', zA, ['batch', 'dim']);
  checkTensor('vicreg', 'zA', zA, zA.shape);
  checkTensor('vicreg', 'zB', zB, zA.shape);
  checkNonNegative('vicreg', { lambda, mu, nu });
  checkPositive('vicreg', { eps });
  if (zA.shape[0]! < 2) throw new ShapeError('vicreg', 'zA', 'two or more rows', `[${zA.shape.join(', ')}]`);

  const distance = tf.mean(tf.squaredDifference(zA, zB));
  const [a, b] = [spread(zA, eps), spread(zB, eps)];
  const hinges = tf.mul(tf.add(a.hinge, b.hinge), mu / 2);
  const covariances = tf.mul(tf.add(a.covariance, b.covariance), nu);
  return tf.add(tf.add(tf.mul(distance, lambda), hinges), covariances);
}

/** The variance and the covariance term of one view. */
function spread(z: tf.Tensor, eps: number): { hinge: tf.Scalar; covariance: tf.Scalar } {
  const [batch, dim] = [z.shape[0]!, z.shape.at(-1)!];
  const places = z.size / (batch * dim);
  const grouped = tf.transpose(tf.reshape(z, [batch, places, dim]), [1, 0, 2]);
  // Scaled so that sums of products are covariances.
  const centred = tf.mul(tf.sub(grouped, tf.mean(grouped, 1, true)), 1 / Math.sqrt(batch - 1));
  const variance = tf.sum(tf.square(centred), 1);
  const hinge = tf.mean(tf.relu(tf.sub(1, tf.sqrt(tf.add(variance, eps)))));
  // All entries less the diagonal: no mask, and no matrix of dim^2 numbers when there are fewer rows.
  const offDiagonal = tf.sub(squaredProducts(centred, centred), tf.sum(tf.square(variance)));
  return { hinge: hinge as tf.Scalar, covariance: tf.mul(offDiagonal, 1 / (dim * places)) };
}
