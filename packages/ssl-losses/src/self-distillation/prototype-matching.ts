import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkNonNegative, checkPositive, stopGradient } from '@selfsup/ssl-tensor';
import { type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { balance } from './sinkhorn.js';
import { fixedTargetCrossEntropy } from '../transfer/fixed-target-cross-entropy.js';
import { cool, type Temperature } from '../numerics/temperature.js';

/** Options of losses that match the prototype assignments of masked views. */
export interface PrototypeMatchingOptions {
  /** Divisor of the cosines between features and prototypes, positive. */
  readonly temperature?: number;
  /** Sharpens the targets, in `(0, 1]`; a scalar tensor where it follows a schedule inside a compiled step. */
  readonly targetSharpenTemperature?: Temperature;
  /** Rounds of balancing of the targets; 0 = none. */
  readonly sinkhornIterations?: number;
  /** Weight of the prior on the mean prediction; 0 = none. */
  readonly regularizationWeight?: number;
}

/** Names of {@link PrototypeMatchingOptions}. */
export const prototypeMatchingOptionNames: OptionNames<PrototypeMatchingOptions> = {
  temperature: 'optionalNumber',
  targetSharpenTemperature: 'optional',
  sinkhornIterations: 'optionalNumber',
  regularizationWeight: 'optionalNumber',
};

/**
 * Defaults of MSN: arXiv 2204.07141, appendix on implementation details (temperature 0.1 of the predictions, 0.025 of the
 * targets); the balancing and its weight as in lightly.
 */
export const prototypeMatchingDefaults = {
  temperature: 0.1,
  targetSharpenTemperature: 0.25,
  sinkhornIterations: 3,
  regularizationWeight: 1,
} as const;

/**
 * `mean_i H(p_i^+, p_i) + regularizationWeight * prior(log mean_i p_i)` with `p = softmax(cosines / temperature)` of the
 * anchors and the sharpened, balanced `p^+` of the targets.
 *
 * @param prior of the logarithms of the mean prediction, `[k]`; kept as logarithms, because prototypes that nobody
 *   predicts have probabilities below float32's range
 */
export function prototypeMatching(
  where: string,
  anchors: tf.Tensor2D,
  targets: tf.Tensor2D,
  prototypes: tf.Tensor2D,
  given: PrototypeMatchingOptions,
  prior: (logMean: tf.Tensor1D) => tf.Scalar,
): tf.Scalar {
  const { temperature, targetSharpenTemperature, sinkhornIterations, regularizationWeight } = {
    ...prototypeMatchingDefaults,
    ...given,
  };
  checkTensor(where, 'targets', targets, ['batch', 'dim']);
  const [batch, dim] = targets.shape;
  checkTensor(where, 'anchors', anchors, ['batch * views', dim]);
  checkTensor(where, 'prototypes', prototypes, ['k', dim]);
  const [rows] = anchors.shape;
  if (batch === 0 || rows === 0 || rows % batch !== 0)
    throw new ShapeError(where, 'anchors', `[${batch} * views, ${dim}]`, `[${anchors.shape.join(', ')}]`);
  checkPositive(where, { temperature });
  checkCount(where, { sinkhornIterations }, 0);
  checkNonNegative(where, { regularizationWeight });

  const axes = tf.mul(l2Normalize(prototypes), 1 / temperature) as tf.Tensor2D;
  const logits: tf.Tensor2D = tf.matMul(l2Normalize(anchors), axes, false, true);
  const observed: tf.Tensor2D = tf.matMul(l2Normalize(stopGradient(targets)), stopGradient(axes), false, true);
  // Powers of probabilities, scaled to sum to 1, are a softmax at a lower temperature.
  const sharp = cool(where, 'targetSharpenTemperature', observed, targetSharpenTemperature);
  const shares =
    sinkhornIterations === 0 ? tf.softmax(sharp) : balance(tf.logSoftmax(sharp) as tf.Tensor2D, sinkhornIterations);
  const codes = tf.tile<tf.Tensor2D>(shares, [rows / batch, 1]);
  const loss = tf.mean(fixedTargetCrossEntropy(logits, codes)) as tf.Scalar;
  if (regularizationWeight === 0) return loss;
  const logarithms = tf.sub(logits, tf.expandDims(logSumExpRows(logits), 1)) as tf.Tensor2D;
  const logMean = tf.sub(logSumExpRows(tf.transpose(logarithms) as tf.Tensor2D), Math.log(rows)) as tf.Tensor1D;
  return tf.add(loss, tf.mul(prior(logMean), regularizationWeight));
}
