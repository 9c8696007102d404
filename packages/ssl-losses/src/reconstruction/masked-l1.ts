import * as tf from '@tensorflow/tfjs-core';
import {
  checkNonNegative,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { checkMask } from '../numerics/check-mask.js';
import { checkTensor } from '../numerics/check.js';
import { reduceWeighted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { smoothAbsolute } from './smooth-absolute.js';
import { standardizeLocally } from '../dense/standardize-locally.js';

/** Options of {@link maskedL1}. */
export interface MaskedL1Options<R extends Reduction = Reduction> {
  /** Errors below it count quadratically (smooth L1); 0 = L1. */
  readonly beta?: number;
  /** Standardise each target pixel by the window of this side around it, odd and 3 or more; `undefined` = off. */
  readonly normalizeWindow?: number | undefined;
  /** `mean` divides by the number of masked pixels and channels; `none` does so within each sample. */
  readonly reduction?: R;
}

const maskedL1OptionNames: OptionNames<MaskedL1Options> = {
  beta: 'optionalNumber',
  normalizeWindow: 'optionalNumber',
  reduction: 'optional',
};

/**
 * Defaults of {@link maskedL1}: L1 on raw pixels (arXiv 2111.09886). The authors' later models
 * have a `normalizeWindow` of 47.
 */
export const maskedL1Defaults = { beta: 0, normalizeWindow: undefined, reduction: 'mean' } as const;

/**
 * Absolute error of reconstructed images over masked pixels: `sum_i m_i |p_i - t_i|_1 / (channels * sum_i m_i)`.
 *
 * @param prediction `[batch, height, width, channels]`
 * @param target `[batch, height, width, channels]`
 * @param mask of patches or pixels: `[batch, height / patch, width / patch]`, 1 = masked and to be reconstructed
 * @returns scalar, or `[batch]` with reduction `none`; NaN where nothing is masked, under `none` nothing of the sample
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Xie et al. 2021 (SimMIM), arXiv 2111.09886; as models/simmim.py of microsoft/SimMIM, without its 1e-5 beside
 * the number of masked pixels.
 *
 * @example
 * const images = tf.randomNormal<tf.Rank.R4>([1, 8, 8, 3]);
 * const loss = maskedL1(tf.zeros([1, 8, 8, 3]), images, tf.tensor3d([[[1, 0], [0, 1]]]));
 */
export function maskedL1<R extends Reduction = 'mean'>(
  prediction: tf.Tensor4D,
  target: tf.Tensor4D,
  mask: tf.Tensor3D,
  options: MaskedL1Options<R> = {},
): Reduced<R> {
  const where = 'maskedL1';
  const { beta, normalizeWindow, reduction } = {
    ...maskedL1Defaults,
    ...checkOptions('maskedL1', options, maskedL1OptionNames),
  };
  checkTensor(where, 'prediction', prediction, ['batch', 'height', 'width', 'channels']);
  checkTensor(where, 'target', target, prediction.shape);
  const [batch, height, width, channels] = prediction.shape;
  const masked = checkMask(where, 'mask', mask, [batch, 'height / patch', 'width / patch']);
  const [, down, across] = mask.shape;
  const [rows, columns] = [height / down, width / across];
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(columns))
    throw new ShapeError(where, 'mask', `patches that tile ${height} x ${width} pixels`, `[${mask.shape.join(', ')}]`);
  checkNonNegative(where, { beta });
  if (
    normalizeWindow !== undefined &&
    !(Number.isSafeInteger(normalizeWindow) && normalizeWindow >= 3 && normalizeWindow % 2)
  )
    throw new InvalidOptionError(where, 'normalizeWindow', 'an odd integer of 3 or more', normalizeWindow);

  const wanted = normalizeWindow === undefined ? target : standardizeLocally(target, normalizeWindow);
  const errors = smoothAbsolute(tf.sub(prediction, wanted), beta);
  const ofPatches = tf.mean(tf.reshape(errors, [batch * down, rows, across, columns * channels]), [1, 3]);
  const places = [batch, down * across] as [number, number];
  return reduceWeighted(where, tf.reshape(ofPatches, places), tf.reshape(masked, places), reduction as R);
}
