import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensorLists } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { squaredProducts } from './squared-products.js';

/** Options of {@link frossl}. */
export interface FroSSLOptions {
  /** Weight of the distance of the views from their mean. */
  readonly invarianceWeight?: number;
}

const froSSLOptionNames: OptionNames<FroSSLOptions> = {
  invarianceWeight: 'optionalNumber',
};

/** Defaults of {@link frossl}: those of lightly's `FroSSLLoss`, unweighted. */
export const frosslDefaults = { invarianceWeight: 1 } as const;

/** Traces below it count as it, so that features that are all zero have the entropy of one direction: none. */
const smallestTrace = 1e-15;

/**
 * Entropy of each view's covariance through its Frobenius norm, and distance of the views from their mean:
 * `sum_v log(|C_v|_F^2 / tr(C_v)^2) + w V / batch sum_v |z_v - mean_u z_u|_F^2`, with `C_v = z_v^T z_v` of columns
 * that are scaled to length 1.
 *
 * @param views two or more views, each `[batch, dim]`
 * @returns scalar
 * @throws ShapeError when there are fewer views or their shapes do not match; InvalidOptionError for options
 * Source: Skean et al. 2024, arXiv 2310.02903. Equal to lightly's `FroSSLLoss`, the constant trace included.
 *
 * @example
 * const loss = frossl([tf.randomNormal([8, 16]), tf.randomNormal([8, 16])]);
 */
export function frossl(views: readonly tf.Tensor2D[], options: FroSSLOptions = {}): tf.Scalar {
  const { invarianceWeight } = { ...frosslDefaults, ...checkOptions('frossl', options, froSSLOptionNames) };
  checkTensorLists('frossl', { views });
  const [first] = views;
  if (first === undefined || views.length < 2)
    throw new ShapeError('frossl', 'views', 'two or more views', `${views.length}`);
  checkTensor('frossl', 'views[0]', first, ['batch', 'dim']);
  views.forEach((view, index) => checkTensor('frossl', `views[${index}]`, view, first.shape));
  checkNonNegative('frossl', { invarianceWeight });

  // Features as rows, [dim, batch].
  const features = views.map((view) => l2Normalize(tf.transpose(view)));
  const centre = tf.mul(tf.addN(features), 1 / views.length);
  const terms = features.map((z) => {
    const distance = tf.mul(
      tf.sum(tf.squaredDifference(z, centre)),
      (invarianceWeight * views.length) / first.shape[0],
    );
    return tf.add(logFrobeniusShare(z), distance);
  });
  return tf.addN(terms) as tf.Scalar;
}

/**
 * `log(|z^T z|_F^2 / tr(z^T z)^2)`, the trace without gradient: 0 for one direction, `-log rank` for an even spread.
 */
function logFrobeniusShare(z: tf.Tensor2D): tf.Scalar {
  const trace = stopGradient(tf.sum(tf.square(z)));
  const squares = tf.maximum(squaredProducts(z, z), smallestTrace ** 2);
  return tf.sub(tf.log(squares), tf.mul(tf.log(tf.maximum(trace, smallestTrace)), 2));
}
