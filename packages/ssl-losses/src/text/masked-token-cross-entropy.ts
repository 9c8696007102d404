import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { countedLabels, usualIgnoreIndex } from '../transfer/counted-labels.js';
import { reduceCounted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { smoothedCrossEntropy } from '../transfer/softmax-cross-entropy.js';

/** Options of {@link maskedTokenCrossEntropy}. */
export interface MaskedTokenCrossEntropyOptions<R extends Reduction = Reduction> {
  /** Weight of each position, float32 `[n]`; 0 = padding that does not count. Default all 1. */
  readonly weights?: tf.Tensor1D;
  /** Another label of positions that do not count, besides -1. */
  readonly ignoreIndex?: number;
  /** `mean` divides by the sum of the weights that count. */
  readonly reduction?: R;
  /** Share of the target that is spread over the vocabulary, in `[0, 1)`. */
  readonly labelSmoothing?: number;
}

const maskedTokenCrossEntropyOptionNames: OptionNames<MaskedTokenCrossEntropyOptions> = {
  weights: 'optional',
  ignoreIndex: 'optionalNumber',
  reduction: 'optional',
  labelSmoothing: 'optionalNumber',
};

/** Defaults of {@link maskedTokenCrossEntropy}: the ignored label of PyTorch and of Hugging Face's collators. */
export const maskedTokenCrossEntropyDefaults = {
  ignoreIndex: usualIgnoreIndex,
  reduction: 'mean',
  labelSmoothing: 0,
} as const;

/**
 * Cross-entropy of vocabulary scores at masked positions: `sum_i w_i * ce_i / sum_i w_i`.
 *
 * Give it scores of the masked positions only; a fixed number of positions per batch is padded with weight 0, or with the
 * label -1 or `ignoreIndex`.
 *
 * @param logits `[n, vocabulary]`
 * @param labels int32 `[n]`, each in `[0, vocabulary)`, or -1 or `ignoreIndex`
 * @returns scalar in nats, or `[n]` (weighted) with reduction `none`, 0 for positions that do not count; NaN, also the
 *   gradient, for any other label of a position that counts, and where no position counts
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Devlin et al. 2018, arXiv 1810.04805; as `torch.nn.functional.cross_entropy` with `ignore_index`.
 */
export function maskedTokenCrossEntropy<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: MaskedTokenCrossEntropyOptions<R> = {},
): Reduced<R> {
  const where = 'maskedTokenCrossEntropy';
  const { weights, ignoreIndex, reduction, labelSmoothing } = {
    ...maskedTokenCrossEntropyDefaults,
    ...checkOptions('maskedTokenCrossEntropy', options, maskedTokenCrossEntropyOptionNames),
  };
  checkTensor(where, 'logits', logits, ['n', 'vocabulary']);
  checkTensor(where, 'labels', labels, [logits.shape[0]], ['int32']);
  if (weights !== undefined) checkTensor(where, 'weights', weights, [logits.shape[0]]);

  const { known, weight } = countedLabels(where, labels, { ignoreIndex, weights });
  const losses = tf.mul(smoothedCrossEntropy(where, logits, known, labelSmoothing), weight) as tf.Tensor1D;
  return reduceCounted(where, losses, weight, reduction as R);
}
