import * as tf from '@tensorflow/tfjs-core';
import { checkRate, sparseSoftmaxCrossEntropy } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { countedLabels, usualIgnoreIndex } from './counted-labels.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { reduceCounted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link softmaxCrossEntropy}. */
export interface SoftmaxCrossEntropyOptions<R extends Reduction = Reduction> {
  /** `mean` divides by the number of rows that have a label. */
  readonly reduction?: R;
  /** Share of the target that is spread over all classes, in `[0, 1)`. */
  readonly labelSmoothing?: number;
  /** Another label of rows that do not count, besides -1. */
  readonly ignoreIndex?: number;
}

const softmaxCrossEntropyOptionNames: OptionNames<SoftmaxCrossEntropyOptions> = {
  reduction: 'optional',
  labelSmoothing: 'optionalNumber',
  ignoreIndex: 'optionalNumber',
};

/** Defaults of {@link softmaxCrossEntropy}: those of `torch.nn.functional.cross_entropy`. */
export const softmaxCrossEntropyDefaults = {
  reduction: 'mean',
  labelSmoothing: 0,
  ignoreIndex: usualIgnoreIndex,
} as const;

/** Cross-entropy of each row, with smoothed labels: `[n]`; NaN for a label outside the classes. */
export function smoothedCrossEntropy(
  where: string,
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  labelSmoothing: number,
): tf.Tensor1D {
  checkRate(where, { labelSmoothing });
  const sharp = sparseSoftmaxCrossEntropy(logits, labels);
  if (labelSmoothing === 0) return sharp;
  const flat = tf.sub(logSumExpRows(logits), tf.mean(logits, 1));
  return tf.add(tf.mul(sharp, 1 - labelSmoothing), tf.mul(flat, labelSmoothing)) as tf.Tensor1D;
}

/**
 * Cross-entropy of class scores against integer labels:
 * `(1 - e) * (logSumExp(x_i) - x_i,label) + e * (logSumExp(x_i) - mean_c x_ic)` with smoothing `e`.
 *
 * @param logits `[n, classes]`
 * @param labels int32 `[n]`, each in `[0, classes)`. Rows of -1, the product's 'no label', or of `ignoreIndex` do not count
 * @returns scalar in nats, or `[n]` with reduction `none`, 0 for rows that do not count; NaN, also the gradient, for any
 *   other label and where no row counts
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Szegedy et al. 2016, arXiv 1512.00567, section 7; defined as `torch.nn.functional.cross_entropy`.
 */
export function softmaxCrossEntropy<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: SoftmaxCrossEntropyOptions<R> = {},
): Reduced<R> {
  const where = 'softmaxCrossEntropy';
  const { reduction, labelSmoothing, ignoreIndex } = {
    ...softmaxCrossEntropyDefaults,
    ...checkOptions('softmaxCrossEntropy', options, softmaxCrossEntropyOptionNames),
  };
  checkTensor(where, 'logits', logits, ['n', 'classes']);
  checkTensor(where, 'labels', labels, [logits.shape[0]], ['int32']);
  const { known, weight } = countedLabels(where, labels, { ignoreIndex });
  const losses = tf.mul(smoothedCrossEntropy(where, logits, known, labelSmoothing), weight) as tf.Tensor1D;
  return reduceCounted(where, losses, weight, reduction as R);
}
