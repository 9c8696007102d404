import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { squaredProducts } from './squared-products.js';

/** Options of {@link barlowTwins}. */
export interface BarlowTwinsOptions {
  /** Weight of the redundancy of different features. */
  readonly lambda?: number;
  /** Added to the variance of each feature over the batch; positive. */
  readonly eps?: number;
}

const barlowTwinsOptionNames: OptionNames<BarlowTwinsOptions> = {
  lambda: 'optionalNumber',
  eps: 'optionalNumber',
};

/** Defaults of {@link barlowTwins}: arXiv 2103.03230; `eps` is that of PyTorch's batch normalisation. */
export const barlowTwinsDefaults = { lambda: 5e-3, eps: 1e-5 } as const;

/**
 * Distance of the cross-correlation of two views from the identity:
 * `sum_i (1 - c_ii)^2 + lambda sum_{i != j} c_ij^2`, with `c = a^T b / batch` of features that are standardised over
 * the batch.
 *
 * @param zA `[batch, dim]`, two rows or more
 * @param zB `[batch, dim]`, row `i` is another view of row `i` of `zA`
 * @returns scalar
 * @throws ShapeError when the shapes do not match or there is one row; InvalidOptionError for options
 * Source: Zbontar et al. 2021, arXiv 2103.03230, algorithm 1. Equal to lightly's `BarlowTwinsLoss`.
 * The off-diagonal sum is that of all entries less the diagonal, which needs no mask and, with fewer rows than
 * features, no matrix of `dim^2` numbers.
 *
 * @example
 * const loss = barlowTwins(tf.randomNormal([8, 16]), tf.randomNormal([8, 16]));
 */
export function barlowTwins(zA: tf.Tensor2D, zB: tf.Tensor2D, options: BarlowTwinsOptions = {}): tf.Scalar {
  const { lambda, eps } = { ...barlowTwinsDefaults, ...checkOptions('barlowTwins', options, barlowTwinsOptionNames) };
  checkTensor('barlowTwins', 'zA', zA, ['batch', 'dim']);
  checkTensor('barlowTwins', 'zB', zB, zA.shape);
  checkNonNegative('barlowTwins', { lambda });
  checkPositive('barlowTwins', { eps });
  const batch = zA.shape[0];
  if (batch < 2) throw new ShapeError('barlowTwins', 'zA', 'two or more rows', `[${zA.shape.join(', ')}]`);

  const [a, b] = [standardised(zA, eps), standardised(zB, eps)];
  const diagonal = tf.mean(tf.mul(a, b), 0);
  const all = tf.mul(squaredProducts(a, b), 1 / batch ** 2);
  const invariance = tf.sum(tf.square(tf.sub(diagonal, 1)));
  const redundancy = tf.sub(all, tf.sum(tf.square(diagonal)));
  return tf.add(invariance, tf.mul(redundancy, lambda));
}

/** Columns with mean 0 and biased variance 1. */
function standardised(z: tf.Tensor2D, eps: number): tf.Tensor2D {
  const centred = tf.sub(z, tf.mean(z, 0, true));
  return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), 0, true), eps)));
}
