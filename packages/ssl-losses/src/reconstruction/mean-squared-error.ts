import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { reduceElements, type ElementReduction } from '../numerics/reduce-elements.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link meanSquaredError}. */
export interface MeanSquaredErrorOptions<R extends Reduction = Reduction> {
  /** A sample's loss is the mean or the sum over its elements. */
  readonly elements?: ElementReduction;
  readonly reduction?: R;
}

const meanSquaredErrorOptionNames: OptionNames<MeanSquaredErrorOptions> = {
  elements: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link meanSquaredError}: those of `torch.nn.functional.mse_loss`. */
export const meanSquaredErrorDefaults = { elements: 'mean', reduction: 'mean' } as const;

/**
 * Squared error of an autoencoder: `mean_i mean_d (p_id - t_id)^2`. With `elements: 'sum'` it is, up to constants, the
 * log-likelihood of a Gaussian with variance 1/2.
 *
 * @param prediction `[batch, ...]`
 * @param target same shape
 * @returns scalar, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Vincent et al. 2010, Stacked Denoising Autoencoders, JMLR 11.
 */
export function meanSquaredError<R extends Reduction = 'mean'>(
  prediction: tf.Tensor,
  target: tf.Tensor,
  options: MeanSquaredErrorOptions<R> = {},
): Reduced<R> {
  const { elements, reduction } = {
    ...meanSquaredErrorDefaults,
    ...checkOptions('meanSquaredError', options, meanSquaredErrorOptionNames),
  };
  checkTensor('meanSquaredError', 'prediction', prediction, prediction.shape);
  checkTensor('meanSquaredError', 'target', target, prediction.shape);
  return reduceElements('meanSquaredError', tf.squaredDifference(prediction, target), elements, reduction as R);
}
