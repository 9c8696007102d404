import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkOptions, checkShare, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';

/** Options of {@link flexMatchThresholds}. */
export interface FlexMatchThresholdOptions {
  /** Threshold of the class that is learnt best, in `[0, 1]`. */
  readonly threshold?: number;
  /** Keep all thresholds low while most samples have no confident label yet. */
  readonly warmUp?: boolean;
}

const flexMatchThresholdOptionNames: OptionNames<FlexMatchThresholdOptions> = {
  threshold: 'optionalNumber',
  warmUp: 'optionalFlag',
};

/** Defaults of {@link flexMatchThresholds}: arXiv 2110.08263, with the threshold of FixMatch. */
export const flexMatchThresholdsDefaults = { threshold: 0.95, warmUp: true } as const;

/**
 * Lower thresholds for classes that are learnt slower: `threshold * b / (2 - b)` with
 * `b_c = n_c / max(max_k n_k, samples - sum_k n_k)`.
 *
 * @param counts float32 or int32 `[classes]`, how many unlabelled samples have a confident label of each class
 * @param samples number of all unlabelled samples
 * @returns `[classes]`, for {@link pseudoLabels}
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Zhang et al. 2021 (FlexMatch), arXiv 2110.08263.
 */
export function flexMatchThresholds(
  counts: tf.Tensor1D,
  samples: number,
  options: FlexMatchThresholdOptions = {},
): tf.Tensor1D {
  const where = 'flexMatchThresholds';
  const { threshold, warmUp } = {
    ...flexMatchThresholdsDefaults,
    ...checkOptions('flexMatchThresholds', options, flexMatchThresholdOptionNames),
  };
  checkTensor(where, 'counts', counts, ['classes'], ['float32', 'int32']);
  checkShare(where, { threshold });
  checkCount(where, { samples });
  const learnt = tf.cast(counts, 'float32');
  const most = tf.max(learnt);
  const scale = warmUp ? tf.maximum(most, tf.sub(samples, tf.sum(learnt))) : most;
  const status = tf.div(learnt, tf.maximum(scale, 1));
  return tf.mul(tf.div(status, tf.sub(2, status)), threshold);
}
