import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { bitCrossEntropy } from '../reconstruction/binary-cross-entropy.js';
import { checkMask } from '../numerics/check-mask.js';
import { checkTensor } from '../numerics/check.js';
import { countedBits } from './counted-bits.js';
import { reduceWeighted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { withoutGradient } from '../numerics/without-gradient.js';

/** Options of {@link replacedTokenDetection}. */
export interface ReplacedTokenDetectionOptions<R extends Reduction = Reduction> {
  /** `[batch, length]`, 1 = token, 0 = padding that does not count. Default all 1. */
  readonly tokenMask?: tf.Tensor2D;
  /** `mean` divides by the number of tokens; `none` gives each sample's mean over its tokens. */
  readonly reduction?: R;
}

const replacedTokenDetectionOptionNames: OptionNames<ReplacedTokenDetectionOptions> = {
  tokenMask: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link replacedTokenDetection}: the mean over all tokens (arXiv 2003.10555). */
export const replacedTokenDetectionDefaults = { reduction: 'mean' } as const;

/**
 * ELECTRA's discriminator: for each token, whether the generator put it there:
 * `mean_i (r_i softplus(-x_i) + (1 - r_i) softplus(x_i))`.
 *
 * @param logits `[batch, length]`, above 0 = replaced
 * @param replaced `[batch, length]`, 1 = differs from the original token; a sampled token that equals it is 0; -1
 * (or -100) = not known, does not count; NaN for any other
 * @returns scalar in nats, or `[batch]` with reduction `none`; NaN where no token counts, under `none` none of the sample
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Clark et al. 2020 (ELECTRA), arXiv 2003.10555, L_Disc; as Hugging Face's `ElectraForPreTraining`.
 */
export function replacedTokenDetection<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  replaced: tf.Tensor2D,
  options: ReplacedTokenDetectionOptions<R> = {},
): Reduced<R> {
  const where = 'replacedTokenDetection';
  const { tokenMask, reduction } = {
    ...replacedTokenDetectionDefaults,
    ...checkOptions('replacedTokenDetection', options, replacedTokenDetectionOptionNames),
  };
  checkTensor(where, 'logits', logits, ['batch', 'length']);
  const targets = checkMask(where, 'replaced', replaced, logits.shape);
  const counted =
    tokenMask === undefined
      ? tf.ones<tf.Rank.R2>(logits.shape)
      : checkMask(where, 'tokenMask', tokenMask, logits.shape);
  // Whatever stands at padding is not read.
  const tokens = withoutGradient<tf.Rank.R2>(counted, (mask) => tf.cast(tf.notEqual(mask, 0), 'float32'));
  const { known, weight } = countedBits<tf.Tensor2D>(tf.mul(targets, tokens));
  const shares = tf.mul(weight, counted) as tf.Tensor2D;
  return reduceWeighted(where, bitCrossEntropy(logits, known) as tf.Tensor2D, shares, reduction as R);
}
