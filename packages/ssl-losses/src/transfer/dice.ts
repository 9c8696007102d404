import * as tf from '@tensorflow/tfjs-core';
import {
  checkNonNegative,
  checkOptions,
  checkPositive,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import {
  classOverlap,
  classOverlapDefaults,
  classOverlapOptionNames,
  type ClassOverlapOptions,
  reduceOverlap,
} from './class-overlap.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link dice}. */
export interface DiceOptions<R extends Reduction = Reduction> extends ClassOverlapOptions {
  /** Square predictions and targets in the denominator (V-Net). */
  readonly squared?: boolean;
  /** Intersection over union instead. */
  readonly jaccard?: boolean;
  /** Added to the numerator: makes a class that is neither there nor predicted perfect. */
  readonly smoothNumerator?: number;
  /** Added to the denominator; positive. */
  readonly smoothDenominator?: number;
  /** Weight of each class, `[classes]`, that of the background unused where it is left out. Default all 1. */
  readonly classWeights?: tf.Tensor1D;
  /** `none` gives each sample's mean over classes, and asks for `batch: false`. */
  readonly reduction?: R;
}

const diceOptionNames: OptionNames<DiceOptions> = {
  ...classOverlapOptionNames,
  squared: 'optionalFlag',
  jaccard: 'optionalFlag',
  smoothNumerator: 'optionalNumber',
  smoothDenominator: 'optionalNumber',
  classWeights: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link dice}: those of MONAI's `DiceLoss`, but for the softmax. */
export const diceDefaults = {
  ...classOverlapDefaults,
  squared: false,
  jaccard: false,
  smoothNumerator: 1e-5,
  smoothDenominator: 1e-5,
  reduction: 'mean',
} as const;

/**
 * Lack of overlap of predicted and true regions, class by class: `1 - (2 sum p t + s) / (sum p + sum t + s)`; under
 * `jaccard` the denominator is `2 (sum p + sum t - sum p t) + s`.
 *
 * @param prediction logits `[batch, ..., classes]`, or probabilities with `activation: 'none'`
 * @param target int32 labels `[batch, ...]`, -1 (or `ignoreIndex`) for places that do not count; or float32 probabilities
 *   `[batch, ..., classes]`
 * @returns scalar, or `[batch]` with reduction `none`; NaN, also the gradient, for a label outside the classes. A sample of
 *   which no place counts is left out of the mean and NaN under `none`; where no sample is left, the loss is NaN
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Milletari et al. 2016 (V-Net), arXiv 1606.04797. Equal to MONAI's `DiceLoss`, where reduction `sum`
 * adds up classes too.
 */
export function dice<R extends Reduction = 'mean'>(
  prediction: tf.Tensor,
  target: tf.Tensor,
  options: DiceOptions<R> = {},
): Reduced<R> {
  checkTensors('dice', { prediction, target });
  const where = 'dice';
  const { squared, jaccard, smoothNumerator, smoothDenominator, classWeights, reduction, ...comparison } = {
    ...diceDefaults,
    ...checkOptions('dice', options, diceOptionNames),
  };
  checkNonNegative(where, { smoothNumerator });
  checkPositive(where, { smoothDenominator });
  if (reduction === 'none' && comparison.batch)
    throw new InvalidOptionError(where, 'batch', 'off without reduction', true);
  const { intersection, predicted, truth, places } = classOverlap(
    where,
    prediction,
    target,
    comparison,
    squared ? 2 : 1,
  );
  const both = tf.add(predicted, truth);
  const twice = tf.mul(intersection, 2);
  const whole = jaccard ? tf.sub(tf.mul(both, 2), twice) : both;
  const lack = tf.sub(1, tf.div(tf.add(twice, smoothNumerator), tf.add(whole, smoothDenominator)));
  if (classWeights === undefined) return reduceOverlap(where, tf.mean(lack, 1) as tf.Tensor1D, places, reduction as R);
  const classes = prediction.shape[prediction.rank - 1]!;
  checkTensor(where, 'classWeights', classWeights, [classes]);
  const weights = comparison.includeBackground ? classWeights : tf.slice(classWeights, [1]);
  return reduceOverlap(where, tf.mean(tf.mul(lack, weights), 1) as tf.Tensor1D, places, reduction as R);
}
