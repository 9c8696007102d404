import * as tf from '@tensorflow/tfjs-core';
import { checkShare, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';

/** Distributions over classes that predictions are aligned by. */
export interface DistributionAlignment {
  /** What the model predicts on average, `[classes]`, such as the buffer of a {@link ClassDistribution}. */
  readonly average: tf.Tensor1D;
  /** What it should predict on average, `[classes]`. Default uniform. */
  readonly target?: tf.Tensor1D;
}

/** Options of {@link pseudoLabels}. */
export interface PseudoLabelOptions {
  /** Probability from which a label is trusted, in `[0, 1]`; or one for each class, `[classes]`. */
  readonly threshold?: number | tf.Tensor1D;
  /** Move the predictions towards a distribution over classes first. */
  readonly alignment?: DistributionAlignment;
}

/** Names of {@link PseudoLabelOptions}. */
export const pseudoLabelOptionNames: OptionNames<PseudoLabelOptions> = {
  threshold: 'optional',
  alignment: 'optional',
};

/** Defaults of {@link pseudoLabels}: arXiv 2001.07685. */
export const pseudoLabelsDefaults = { threshold: 0.95 } as const;

/** Labels that a model gives to unlabelled samples. */
export interface PseudoLabels {
  /** Most probable class, int32 `[n]`. */
  readonly labels: tf.Tensor1D;
  /** Class probabilities after alignment, `[n, classes]`. */
  readonly probabilities: tf.Tensor2D;
  /** `[n]`, 1 = confident enough to train on, else 0. */
  readonly selected: tf.Tensor1D;
}

/** Average predictions below this do not scale a class up further. */
const rarest = 1e-6;

/**
 * Labels for unlabelled samples, and which of them to trust: `max_c q_c >= threshold`, with `q = softmax(x)`, or under
 * alignment `q ~ softmax(x) * target / average`. No gradient flows.
 *
 * @param logits of weakly augmented samples, `[n, classes]`
 * @returns constants: labels, probabilities and the selection
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Sohn et al. 2020 (FixMatch), arXiv 2001.07685; alignment of Berthelot et al. 2019 (ReMixMatch),
 * arXiv 1911.09785.
 */
export function pseudoLabels(logits: tf.Tensor2D, options: PseudoLabelOptions = {}): PseudoLabels {
  const where = 'pseudoLabels';
  const { threshold, alignment } = {
    ...pseudoLabelsDefaults,
    ...checkOptions('pseudoLabels', options, pseudoLabelOptionNames),
  };
  checkTensor(where, 'logits', logits, ['n', 'classes']);
  const classes = logits.shape[1];
  if (typeof threshold === 'number') checkShare(where, { threshold });
  else checkTensor(where, 'threshold', threshold, [classes]);

  const raw = tf.softmax(stopGradient(logits));
  const probabilities = alignment === undefined ? raw : aligned(where, raw, alignment);
  const labels = tf.argMax(probabilities, 1) as tf.Tensor1D;
  const least = typeof threshold === 'number' ? threshold : tf.gather(stopGradient(threshold), labels);
  const selected = tf.cast(tf.greaterEqual(tf.max(probabilities, 1), least), 'float32') as tf.Tensor1D;
  return { labels, probabilities, selected };
}

function aligned(where: string, raw: tf.Tensor2D, { average, target }: DistributionAlignment): tf.Tensor2D {
  const classes = raw.shape[1];
  checkTensor(where, 'alignment.average', average, [classes]);
  if (target !== undefined) checkTensor(where, 'alignment.target', target, [classes]);
  const usual = tf.maximum(stopGradient(average), rarest);
  const scaled = tf.mul(raw, tf.div(target === undefined ? 1 / classes : stopGradient(target), usual));
  return tf.div(scaled, tf.maximum(tf.sum(scaled, 1, true), 1e-12));
}
