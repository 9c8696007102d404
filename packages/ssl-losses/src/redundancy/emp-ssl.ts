import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensorLists } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { inverseCholesky } from '../numerics/inverse-cholesky.js';
import { negativeCosine } from './negative-cosine.js';

/** Options of {@link empSSL}. */
export interface EmpSSLOptions {
  /** Squared distortion of the coding rate: smaller looks at smaller directions. */
  readonly tcrEps?: number;
  /** Weight of the similarity of the views to their mean. */
  readonly invCoef?: number;
}

const empSSLOptionNames: OptionNames<EmpSSLOptions> = {
  tcrEps: 'optionalNumber',
  invCoef: 'optionalNumber',
};

/** Defaults of {@link empSSL}: arXiv 2304.03977, and its code; 0.2 and 200. */
export const empSSLDefaults = { tcrEps: 0.2, invCoef: 200 } as const;

/**
 * EMP-SSL: views near their mean, `-cos`, and a large coding rate of each view:
 * `-mean_v R(z_v) - invCoef mean_vi cos(z_vi, mean_u z_ui)`, `R(z) = logdet(I + dim / (batch eps) z^T z) / 2`.
 *
 * The determinant is that of the smaller of `z^T z` and `z z^T`, by an unrolled Cholesky factorisation: about
 * `20 min(batch, dim)` operations in a compiled step.
 *
 * @param views views or patches, each `[batch, dim]`, with rows of length 1 in the paper. Rows that are much longer
 * leave the range in which float32 tells the determinant: `dim / (batch eps) |z^T z|` up to 1e5 is safe
 * @returns scalar
 * @throws ShapeError when there is no view or their shapes do not match; InvalidOptionError for options
 * Source: Tong et al. 2023, arXiv 2304.03977. As main.py of tsb0601/EMP-SSL, and as lightly's `EMPSSLLoss` but for the
 * sign of the coding rate, which lightly 1.6 adds where the paper maximises it.
 *
 * @example
 * const views = [0, 1, 2].map(() => l2Normalize(tf.randomNormal([8, 16])));
 * const loss = empSSL(views);
 */
export function empSSL(views: readonly tf.Tensor2D[], options: EmpSSLOptions = {}): tf.Scalar {
  const { tcrEps, invCoef } = { ...empSSLDefaults, ...checkOptions('empSSL', options, empSSLOptionNames) };
  checkTensorLists('empSSL', { views });
  const [first] = views;
  if (first === undefined) throw new ShapeError('empSSL', 'views', 'one or more views', '0');
  checkTensor('empSSL', 'views[0]', first, ['batch', 'dim']);
  views.forEach((view, index) => checkTensor('empSSL', `views[${index}]`, view, first.shape));
  checkPositive('empSSL', { tcrEps });
  checkNonNegative('empSSL', { invCoef });

  const z = tf.stack([...views]) as tf.Tensor3D;
  const centre = tf.tile(tf.mean(z, 0, true), [views.length, 1, 1]);
  const similarity = negativeCosine(z, centre, { axis: 2, stopGradient: false });
  return tf.sub(tf.mul(similarity, invCoef), tf.mean(codingRate(z, tcrEps)));
}

/** `[views]` of `[views, batch, dim]`, in nats. */
function codingRate(z: tf.Tensor3D, eps: number): tf.Tensor1D {
  const [, batch, dim] = z.shape;
  const scaled = tf.mul(z, Math.sqrt(dim / (batch * eps))) as tf.Tensor3D;
  const wide = batch < dim;
  const gram = tf.matMul(scaled, scaled, !wide, wide) as tf.Tensor3D;
  const eye = tf.eye(Math.min(batch, dim));
  const inverse = inverseCholesky(tf.add(gram, eye));
  // log det(C) / 2 is minus the sum of the logarithms on the diagonal of the inverse factor.
  return tf.neg(tf.sum(tf.log(tf.sum(tf.mul(inverse, eye), 2)), 1));
}
