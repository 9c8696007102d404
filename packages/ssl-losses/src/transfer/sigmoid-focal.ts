import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { bitCrossEntropy } from '../reconstruction/binary-cross-entropy.js';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { countedBits } from '../text/counted-bits.js';
import { focalWeight } from './focal-weight.js';
import { reduceElements, type ElementReduction } from '../numerics/reduce-elements.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link sigmoidFocal}. */
export interface SigmoidFocalOptions<R extends Reduction = Reduction> {
  /** Weight of positives in `[0, 1]`, `1 - alpha` that of negatives; -1 = no weights. */
  readonly alpha?: number;
  /** How fast easy examples lose their weight; 0 = cross-entropy. */
  readonly gamma?: number;
  /** A sample's loss is the mean or the sum over its elements. */
  readonly elements?: ElementReduction;
  readonly reduction?: R;
}

const sigmoidFocalOptionNames: OptionNames<SigmoidFocalOptions> = {
  alpha: 'optionalNumber',
  gamma: 'optionalNumber',
  elements: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link sigmoidFocal}: arXiv 1708.02002. */
export const sigmoidFocalDefaults = { alpha: 0.25, gamma: 2, elements: 'mean', reduction: 'mean' } as const;

/**
 * Cross-entropy of independent bits that counts hard examples more: `-alpha_t (1 - p_t)^gamma log p_t`.
 *
 * @param logits `[batch, ...]`
 * @param targets same shape, in `[0, 1]`; -1 (or -100) = no label, the bit does not count; NaN for any other
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Lin et al. 2017, arXiv 1708.02002, equation 5. Equal to `torchvision.ops.sigmoid_focal_loss`.
 */
export function sigmoidFocal<R extends Reduction = 'mean'>(
  logits: tf.Tensor,
  targets: tf.Tensor,
  options: SigmoidFocalOptions<R> = {},
): Reduced<R> {
  const where = 'sigmoidFocal';
  const { alpha, gamma, elements, reduction } = {
    ...sigmoidFocalDefaults,
    ...checkOptions('sigmoidFocal', options, sigmoidFocalOptionNames),
  };
  checkTensors(where, { logits });
  checkTensor(where, 'logits', logits, logits.shape);
  checkTensor(where, 'targets', targets, logits.shape);
  checkNonNegative(where, { gamma });
  if (alpha !== -1 && !(alpha >= 0 && alpha <= 1))
    throw new InvalidOptionError(where, 'alpha', 'in [0, 1], or -1', alpha);

  const { known, weight } = countedBits(targets);
  const negatives = tf.sub(1, known);
  // 1 - p_t as a sum of two terms of 0 or more: no digits are lost.
  const miss = tf.add(tf.mul(tf.sigmoid(logits), negatives), tf.mul(tf.sigmoid(tf.neg(logits)), known));
  const losses = focalWeight(bitCrossEntropy(logits, known), miss, gamma);
  const balance = tf.add(tf.mul(known, alpha), tf.mul(negatives, 1 - alpha));
  return reduceElements(where, alpha === -1 ? losses : tf.mul(losses, balance), elements, reduction as R, weight);
}
