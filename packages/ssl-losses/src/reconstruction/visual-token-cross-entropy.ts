import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkMask } from '../numerics/check-mask.js';
import { checkTensor } from '../numerics/check.js';
import { countedLabels } from '../transfer/counted-labels.js';
import { reduceWeighted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { smoothedCrossEntropy } from '../transfer/softmax-cross-entropy.js';

/** Options of {@link visualTokenCrossEntropy}. */
export interface VisualTokenCrossEntropyOptions<R extends Reduction = Reduction> {
  /** Share of the target that is spread over the vocabulary, in `[0, 1)`. */
  readonly labelSmoothing?: number;
  /** `mean` divides by the number of masked patches; `none` gives each sample's mean over its masked patches. */
  readonly reduction?: R;
}

const visualTokenCrossEntropyOptionNames: OptionNames<VisualTokenCrossEntropyOptions> = {
  labelSmoothing: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link visualTokenCrossEntropy}: arXiv 2106.08254. */
export const visualTokenCrossEntropyDefaults = { labelSmoothing: 0, reduction: 'mean' } as const;

/**
 * Cross-entropy of the visual tokens of masked patches: `-sum_ij m_ij log p(z_ij | x_masked) / sum_ij m_ij`. The same loss
 * over masked pixels is iGPT's BERT objective.
 *
 * Where only the scores of masked patches were computed, `maskedTokenCrossEntropy` does the same for less.
 *
 * @param logits `[batch, patches, vocabulary]`
 * @param tokens int32 `[batch, patches]`, each in `[0, vocabulary)`, or -1 (or -100) for patches that do not count; those of
 *   patches that are not masked are not read
 * @param mask `[batch, patches]`, 1 = masked and to be predicted
 * @returns scalar in nats, or `[batch]` with reduction `none`; NaN, also the gradient, for any other token and where
 *   nothing is masked, under `none` nothing of the sample
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Bao et al. 2021 (BEiT), arXiv 2106.08254, equation 1; Chen et al. 2020 (iGPT, Generative Pretraining from
 * Pixels), L_BERT.
 */
export function visualTokenCrossEntropy<R extends Reduction = 'mean'>(
  logits: tf.Tensor3D,
  tokens: tf.Tensor2D,
  mask: tf.Tensor2D,
  options: VisualTokenCrossEntropyOptions<R> = {},
): Reduced<R> {
  const where = 'visualTokenCrossEntropy';
  const { labelSmoothing, reduction } = {
    ...visualTokenCrossEntropyDefaults,
    ...checkOptions('visualTokenCrossEntropy', options, visualTokenCrossEntropyOptionNames),
  };
  checkTensor(where, 'logits', logits, ['batch', 'patches', 'vocabulary']);
  const [batch, patches, vocabulary] = logits.shape;
  checkTensor(where, 'tokens', tokens, [batch, patches], ['int32']);
  const masked = checkMask(where, 'mask', mask, [batch, patches]);
  const { known, weight } = countedLabels(where, tokens, { weights: masked });
  const losses = smoothedCrossEntropy(
    where,
    tf.reshape(logits, [batch * patches, vocabulary]),
    tf.reshape(known, [batch * patches]),
    labelSmoothing,
  );
  return reduceWeighted(where, tf.reshape(losses, [batch, patches]), weight, reduction as R);
}
