import * as tf from '@tensorflow/tfjs-core';
import {
  checkChoice,
  checkNonNegative,
  checkOptions,
  checkPositive,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import {
  classOverlap,
  classOverlapDefaults,
  classOverlapOptionNames,
  type ClassOverlapOptions,
  reduceOverlap,
} from './class-overlap.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link generalizedDice}. */
export interface GeneralizedDiceOptions<R extends Reduction = Reduction> extends ClassOverlapOptions {
  /** Weight of a class from its true size `n`: `1 / n^2`, `1 / n` or 1. */
  readonly weighting?: 'square' | 'simple' | 'uniform';
  /** Added to the numerator. */
  readonly smoothNumerator?: number;
  /** Added to the denominator; positive. */
  readonly smoothDenominator?: number;
  /** `none` asks for `batch: false`. */
  readonly reduction?: R;
}

const generalizedDiceOptionNames: OptionNames<GeneralizedDiceOptions> = {
  ...classOverlapOptionNames,
  weighting: 'optional',
  smoothNumerator: 'optionalNumber',
  smoothDenominator: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link generalizedDice}: those of MONAI's `GeneralizedDiceLoss`, but for the softmax. */
export const generalizedDiceDefaults = {
  ...classOverlapDefaults,
  weighting: 'square',
  smoothNumerator: 1e-5,
  smoothDenominator: 1e-5,
  reduction: 'mean',
} as const;

/**
 * Dice loss over all classes at once, small regions weighted up:
 * `1 - (2 sum_c w_c sum p t + s) / (sum_c w_c (sum p + sum t) + s)`. A class that is not there takes the largest weight of
 * those that are.
 *
 * @param prediction logits `[batch, ..., classes]`, or probabilities with `activation: 'none'`
 * @param target int32 labels `[batch, ...]`, -1 (or `ignoreIndex`) for places that do not count; or float32 probabilities
 *   `[batch, ..., classes]`
 * @returns scalar, or `[batch]` with reduction `none`; NaN, also the gradient, for a label outside the classes. A sample of
 *   which no place counts is left out of the mean and NaN under `none`; where no sample is left, the loss is NaN
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Sudre et al. 2017, arXiv 1707.03237. Equal to MONAI's `GeneralizedDiceLoss`.
 */
export function generalizedDice<R extends Reduction = 'mean'>(
  prediction: tf.Tensor,
  target: tf.Tensor,
  options: GeneralizedDiceOptions<R> = {},
): Reduced<R> {
  checkTensors('generalizedDice', { prediction, target });
  const where = 'generalizedDice';
  const { weighting, smoothNumerator, smoothDenominator, reduction, ...comparison } = {
    ...generalizedDiceDefaults,
    ...checkOptions('generalizedDice', options, generalizedDiceOptionNames),
  };
  checkChoice(where, 'weighting', weighting, ['square', 'simple', 'uniform']);
  checkNonNegative(where, { smoothNumerator });
  checkPositive(where, { smoothDenominator });
  if (reduction === 'none' && comparison.batch)
    throw new InvalidOptionError(where, 'batch', 'off without reduction', true);
  const { intersection, predicted, truth, places } = classOverlap(where, prediction, target, comparison, 1);
  const weights = sizeWeights(truth, weighting);
  const weighted = (x: tf.Tensor): tf.Tensor => tf.sum(tf.mul(x, weights), 1);
  const numerator = tf.add(tf.mul(weighted(intersection), 2), smoothNumerator);
  const denominator = tf.add(weighted(tf.add(predicted, truth)), smoothDenominator);
  return reduceOverlap(where, tf.sub(1, tf.div(numerator, denominator)) as tf.Tensor1D, places, reduction as R);
}

function sizeWeights(truth: tf.Tensor2D, weighting: 'square' | 'simple' | 'uniform'): tf.Tensor {
  if (weighting === 'uniform') return tf.onesLike(truth);
  const absent = tf.cast(tf.lessEqual(truth, 0), 'float32');
  // 1 for absent classes, so that nothing is divided by 0.
  const size = tf.add(truth, absent);
  const present = tf.div(tf.sub(1, absent), weighting === 'square' ? tf.square(size) : size);
  return tf.add(present, tf.mul(absent, tf.max(present, 1, true)));
}
