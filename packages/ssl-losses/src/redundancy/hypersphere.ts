import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { alignment } from '../diagnostics/alignment.js';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { uniformity } from '../diagnostics/uniformity.js';

/** Options of {@link hypersphere}. */
export interface HypersphereOptions {
  /** Width of the Gaussian kernel of uniformity: larger looks at nearer neighbours. */
  readonly t?: number;
  /** Weight of uniformity. */
  readonly lambda?: number;
  /** Exponent of the distance of positives. */
  readonly alpha?: number;
}

const hypersphereOptionNames: OptionNames<HypersphereOptions> = {
  t: 'optionalNumber',
  lambda: 'optionalNumber',
  alpha: 'optionalNumber',
};

/** Defaults of {@link hypersphere}: those of lightly's `HypersphereLoss`; arXiv 2005.10242 mostly takes `t = 2`. */
export const hypersphereDefaults = { t: 1, lambda: 1, alpha: 2 } as const;

/**
 * Alignment of positives and uniformity on the sphere:
 * `mean_i |a_i - b_i|^alpha + lambda (u(a) + u(b)) / 2`, `u(z) = log mean_{i != j} exp(-t |z_i - z_j|^2)`, over rows
 * that are scaled to length 1.
 *
 * @param zA `[batch, dim]`, two rows or more
 * @param zB `[batch, dim]`, row `i` is another view of row `i` of `zA`
 * @returns scalar
 * @throws ShapeError when the shapes do not match or there is one row; InvalidOptionError for options
 * Source: Wang and Isola 2020, arXiv 2005.10242. Equal to lightly's `HypersphereLoss`.
 *
 * @example
 * const loss = hypersphere(tf.randomNormal([8, 16]), tf.randomNormal([8, 16]), { t: 2 });
 */
export function hypersphere(zA: tf.Tensor2D, zB: tf.Tensor2D, options: HypersphereOptions = {}): tf.Scalar {
  const { t, lambda, alpha } = {
    ...hypersphereDefaults,
    ...checkOptions('hypersphere', options, hypersphereOptionNames),
  };
  checkTensor('hypersphere', 'zA', zA, ['batch', 'dim']);
  checkTensor('hypersphere', 'zB', zB, zA.shape);
  checkPositive('hypersphere', { t, alpha });
  checkNonNegative('hypersphere', { lambda });
  if (zA.shape[0] < 2) throw new ShapeError('hypersphere', 'zA', 'two or more rows', `[${zA.shape.join(', ')}]`);

  const [a, b] = [l2Normalize(zA), l2Normalize(zB)];
  const even = tf.add(uniformity(a, { t, normalize: false }), uniformity(b, { t, normalize: false }));
  return tf.add(alignment(a, b, { alpha, normalize: false }), tf.mul(even, lambda / 2));
}
