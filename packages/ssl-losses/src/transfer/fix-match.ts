import * as tf from '@tensorflow/tfjs-core';
import { checkPositive, sparseSoftmaxCrossEntropy, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import {
  pseudoLabelOptionNames,
  type PseudoLabelOptions,
  pseudoLabels,
  pseudoLabelsDefaults,
} from './pseudo-labels.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { softCrossEntropy } from './soft-target-cross-entropy.js';

/** Options of {@link fixMatch}. */
export interface FixMatchOptions<R extends Reduction = Reduction> extends PseudoLabelOptions {
  /** Train on the most probable class; off = on the probabilities, sharpened by `temperature`. */
  readonly hardLabels?: boolean;
  /** Divisor of the weak logits in soft labels, positive. */
  readonly temperature?: number;
  /** `mean` divides by all samples, selected or not. */
  readonly reduction?: R;
}

const fixMatchOptionNames: OptionNames<FixMatchOptions> = {
  ...pseudoLabelOptionNames,
  hardLabels: 'optionalFlag',
  temperature: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link fixMatch}: arXiv 2001.07685; temperature of TorchSSL's soft labels. */
export const fixMatchDefaults = {
  ...pseudoLabelsDefaults,
  hardLabels: true,
  temperature: 0.5,
  reduction: 'mean',
} as const;

/**
 * Consistency of a strongly augmented sample with the label that its weakly augmented view is sure of:
 * `mean_i 1[max q_i >= threshold] CE(argmax q_i, strong_i)`. No gradient flows into the weak view.
 *
 * @param weak logits of weakly augmented samples, `[n, classes]`
 * @param strong logits of the same samples, strongly augmented, `[n, classes]`
 * @returns scalar in nats, or `[n]` with reduction `none`, 0 where a sample was not selected. Where none was, the loss is 0 by
 *   its definition, as at the start of a training: watch the share of `selected` of {@link pseudoLabels}
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Sohn et al. 2020 (FixMatch), arXiv 2001.07685, and fixmatch.py of google-research/fixmatch; soft labels as
 * Xie et al. 2019 (UDA), arXiv 1904.12848. Under alignment soft labels are `q^(1 / temperature)`, scaled to sum to 1.
 *
 * @example
 * const loss = fixMatch(tf.randomNormal([8, 10]), tf.randomNormal([8, 10]), { threshold: 0.5 });
 */
export function fixMatch<R extends Reduction = 'mean'>(
  weak: tf.Tensor2D,
  strong: tf.Tensor2D,
  options: FixMatchOptions<R> = {},
): Reduced<R> {
  const where = 'fixMatch';
  const { hardLabels, temperature, reduction, ...selection } = {
    ...fixMatchDefaults,
    ...checkOptions('fixMatch', options, fixMatchOptionNames),
  };
  checkTensor(where, 'weak', weak, ['n', 'classes']);
  checkTensor(where, 'strong', strong, weak.shape);
  checkPositive(where, { temperature });
  const { labels, probabilities, selected } = pseudoLabels(weak, selection);
  const losses = hardLabels
    ? sparseSoftmaxCrossEntropy(strong, labels)
    : softCrossEntropy(strong, sharpened(weak, probabilities, temperature, selection.alignment !== undefined));
  return reduce(where, tf.mul(losses, selected) as tf.Tensor1D, reduction as R);
}

/** Without alignment from the logits, which keeps classes whose probability is below the range of float32. */
function sharpened(weak: tf.Tensor2D, probabilities: tf.Tensor2D, temperature: number, aligned: boolean): tf.Tensor2D {
  const scores = aligned ? tf.log(tf.maximum(probabilities, 1e-30)) : stopGradient(weak);
  return tf.softmax(tf.mul(scores, 1 / temperature)) as tf.Tensor2D;
}
