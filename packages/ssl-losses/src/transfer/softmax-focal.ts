import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, sparseSoftmaxCrossEntropy } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { countedLabels, usualIgnoreIndex, withinClasses } from './counted-labels.js';
import { focalWeight } from './focal-weight.js';
import { reduceCounted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link softmaxFocal}. */
export interface SoftmaxFocalOptions<R extends Reduction = Reduction> {
  /** Weight of each class, `[classes]`. Default all 1. */
  readonly alpha?: tf.Tensor1D;
  /** How fast easy examples lose their weight; 0 = cross-entropy. */
  readonly gamma?: number;
  /** Another label of rows that do not count, besides -1. */
  readonly ignoreIndex?: number;
  /** `mean` divides by the number of rows that count. */
  readonly reduction?: R;
}

const softmaxFocalOptionNames: OptionNames<SoftmaxFocalOptions> = {
  alpha: 'optional',
  gamma: 'optionalNumber',
  ignoreIndex: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link softmaxFocal}: arXiv 1708.02002; the ignored label of PyTorch. */
export const softmaxFocalDefaults = { gamma: 2, ignoreIndex: usualIgnoreIndex, reduction: 'mean' } as const;

/**
 * Cross-entropy of class scores that counts hard examples more: `-alpha_y (1 - p_y)^gamma log p_y`.
 *
 * @param logits `[n, classes]`
 * @param labels int32 `[n]`, each in `[0, classes)`, or -1 or `ignoreIndex` for rows that do not count
 * @returns scalar in nats, or `[n]` with reduction `none`, 0 for rows that do not count; NaN, also the gradient, for any
 *   other label and where no row counts
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Lin et al. 2017, arXiv 1708.02002, equation 5, with softmax for the sigmoid.
 */
export function softmaxFocal<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: SoftmaxFocalOptions<R> = {},
): Reduced<R> {
  const where = 'softmaxFocal';
  const { alpha, gamma, ignoreIndex, reduction } = {
    ...softmaxFocalDefaults,
    ...checkOptions('softmaxFocal', options, softmaxFocalOptionNames),
  };
  checkTensor(where, 'logits', logits, ['n', 'classes']);
  checkTensor(where, 'labels', labels, [logits.shape[0]], ['int32']);
  if (alpha !== undefined) checkTensor(where, 'alpha', alpha, [logits.shape[1]]);
  checkNonNegative(where, { gamma });

  const { known, weight: share } = countedLabels(where, labels, { ignoreIndex });
  const surprise = sparseSoftmaxCrossEntropy(logits, known);
  const focused = focalWeight(surprise, tf.neg(tf.expm1(tf.neg(surprise))), gamma);
  const weight = alpha === undefined ? share : tf.mul(share, tf.gather(alpha, withinClasses(known, logits.shape[1])));
  return reduceCounted(where, tf.mul(focused, weight) as tf.Tensor1D, share, reduction as R);
}
