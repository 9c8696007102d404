import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkPositive, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkMask } from '../numerics/check-mask.js';
import { checkTensor } from '../numerics/check.js';
import { patchify } from './patchify.js';
import { reduceWeighted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link maskedPatchMSE}. */
export interface MaskedPatchMSEOptions<R extends Reduction = Reduction> {
  /** Side of a patch in pixels; needed when the target is images. */
  readonly patchSize?: number;
  /** Standardise each target patch with its own mean and variance. */
  readonly normalizeTarget?: boolean;
  /** Added to the variance of a patch; positive. */
  readonly eps?: number;
  /** `mean` divides by the number of masked patches; `none` gives each sample's mean over its masked patches. */
  readonly reduction?: R;
}

const maskedPatchMSEOptionNames: OptionNames<MaskedPatchMSEOptions> = {
  patchSize: 'optionalNumber',
  normalizeTarget: 'optionalFlag',
  eps: 'optionalNumber',
  reduction: 'optional',
};

/**
 * Defaults of {@link maskedPatchMSE}: normalised pixels, which are what the authors pretrain with (arXiv 2111.06377),
 * and the 1e-6 of their code.
 */
export const maskedPatchMSEDefaults = { normalizeTarget: true, eps: 1e-6, reduction: 'mean' } as const;

/**
 * Squared error of reconstructed patches, over the patches that the encoder did not see:
 * `sum_ij m_ij mean_d (p_ijd - t_ijd)^2 / sum_ij m_ij`, where `t` are pixels, each patch standardised with its own mean
 * and unbiased variance.
 *
 * @param prediction `[batch, patches, dim]`
 * @param target patches `[batch, patches, dim]`, or images `[batch, height, width, channels]` with `patchSize`
 * @param mask `[batch, patches]`, 1 = removed and to be reconstructed, 0 = seen
 * @returns scalar, or `[batch]` with reduction `none`; NaN where no patch is masked, under `none` none of the sample
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: He et al. 2021 (MAE), arXiv 2111.06377; as `forward_loss` in models_mae.py of facebookresearch/mae.
 *
 * @example
 * const images = tf.randomNormal<tf.Rank.R4>([2, 8, 8, 3]);
 * const loss = maskedPatchMSE(tf.zeros([2, 4, 48]), images, tf.tensor2d([[1, 0, 1, 1], [0, 1, 1, 1]]), { patchSize: 4 });
 */
export function maskedPatchMSE<R extends Reduction = 'mean'>(
  prediction: tf.Tensor3D,
  target: tf.Tensor3D | tf.Tensor4D,
  mask: tf.Tensor2D,
  options: MaskedPatchMSEOptions<R> = {},
): Reduced<R> {
  const where = 'maskedPatchMSE';
  const { patchSize, normalizeTarget, eps, reduction } = {
    ...maskedPatchMSEDefaults,
    ...checkOptions('maskedPatchMSE', options, maskedPatchMSEOptionNames),
  };
  checkTensor(where, 'prediction', prediction, ['batch', 'patches', 'dim']);
  const [batch, patches, dim] = prediction.shape;
  checkPositive(where, { eps });
  const pixels = target.rank === 4 && patchSize !== undefined ? patchify(target as tf.Tensor4D, patchSize) : target;
  checkTensor(where, patchSize === undefined ? 'target' : 'target in patches', pixels, prediction.shape);
  const removed = checkMask(where, 'mask', mask, [batch, patches]);

  const wanted = normalizeTarget ? standardised(pixels as tf.Tensor3D, dim, eps) : pixels;
  const errors = tf.mean(tf.squaredDifference(prediction, wanted), 2) as tf.Tensor2D;
  return reduceWeighted(where, errors, removed, reduction as R);
}

/** Patches with mean 0 and, but for `eps`, unbiased variance 1; a patch of one number becomes 0. */
function standardised(patches: tf.Tensor3D, dim: number, eps: number): tf.Tensor {
  const centred = tf.sub(patches, tf.mean(patches, 2, true));
  const variance = tf.mul(tf.sum(tf.square(centred), 2, true), 1 / Math.max(dim - 1, 1));
  return tf.mul(centred, tf.rsqrt(tf.add(variance, eps)));
}
