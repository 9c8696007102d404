import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { nuclearNorm } from './nuclear-norm.js';

/** Options of {@link mmcr}. */
export interface MMCROptions {
  /** Weight of the extent of each image's views. */
  readonly lambda?: number;
}

const mmcrOptionNames: OptionNames<MMCROptions> = {
  lambda: 'optionalNumber',
};

/** Defaults of {@link mmcr}: those of lightly's `MMCRLoss`, the paper's for ImageNet (arXiv 2303.03307). */
export const mmcrDefaults = { lambda: 5e-3 } as const;

/**
 * Maximum manifold capacity: centres of the images far apart in all directions, views of an image close together, both
 * measured by sums of singular values: `-|C|_* + lambda mean_b |Z_b|_*`. `Z_b` holds the views of image `b` as rows,
 * those of the online and the momentum network, and row `b` of `C` is their mean.
 *
 * @param online `[batch, views, dim]`, with rows of length 1 in the paper
 * @param momentum same shape; `online` once more where there is no momentum network. Pass it through `stopGradient` if
 * it has a gradient that must not flow
 * @returns scalar
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Yerxa et al. 2023, arXiv 2303.03307. Equal to lightly's `MMCRLoss`, with {@link nuclearNorm} in place
 * of the singular value decomposition.
 *
 * @example
 * const loss = mmcr(tf.randomNormal([8, 2, 16]), tf.randomNormal([8, 2, 16]));
 */
export function mmcr(online: tf.Tensor3D, momentum: tf.Tensor3D, options: MMCROptions = {}): tf.Scalar {
  const { lambda } = { ...mmcrDefaults, ...checkOptions('mmcr', options, mmcrOptionNames) };
  checkTensor('mmcr', 'online', online, ['batch', 'views', 'dim']);
  checkTensor('mmcr', 'momentum', momentum, online.shape);
  checkNonNegative('mmcr', { lambda });

  const views = tf.concat([online, momentum], 1);
  const centres = tf.reshape(tf.mean(views, 1), [1, online.shape[0], online.shape[2]]) as tf.Tensor3D;
  const capacity = tf.reshape(nuclearNorm(centres), []);
  return tf.sub(tf.mul(tf.mean(nuclearNorm(views)), lambda), capacity);
}
