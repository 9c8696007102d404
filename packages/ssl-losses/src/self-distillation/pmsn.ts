import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import {
  prototypeMatching,
  prototypeMatchingDefaults,
  prototypeMatchingOptionNames,
  type PrototypeMatchingOptions,
} from './prototype-matching.js';

/** Options of {@link pmsn}. */
export interface PmsnOptions extends PrototypeMatchingOptions {
  /** Prototype `j`, from 1, has a prior share proportional to `j^-powerLawExponent`; 0 is uniform. */
  readonly powerLawExponent?: number;
  /** Another prior `[k]`, summing to 1, instead of the power law; or what makes one of the mean prediction `[k]`. */
  readonly targetDistribution?: tf.Tensor1D | ((meanPrediction: tf.Tensor1D) => tf.Tensor1D);
}

const pmsnOptionNames: OptionNames<PmsnOptions> = {
  ...prototypeMatchingOptionNames,
  powerLawExponent: 'optionalNumber',
  targetDistribution: 'optional',
};

/** Defaults of {@link pmsn}: those of MSN, and the exponent of lightly's `PMSNLoss`, after arXiv 2210.07277. */
export const pmsnDefaults = { ...prototypeMatchingDefaults, powerLawExponent: 0.25 } as const;

/**
 * Masked Siamese networks with a prior that is not uniform: as `msn`, with the regularisation
 * `KL(prior || mean_i p_i)`, for data whose classes are not of one size.
 *
 * @param anchors features of masked views, `[views * batch, dim]`, view after view
 * @param targets features of the whole images by the teacher, `[batch, dim]`; no gradient flows into them
 * @param prototypes `[k, dim]`, learnt
 * @returns scalar in nats, 0 or more
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Assran et al. 2022, arXiv 2210.07277. Equal to lightly's `PMSNLoss`, and with `targetDistribution` to
 * its `PMSNCustomLoss`. With a uniform prior, `msn` has the arguments of the divergence the other way round.
 *
 * @example
 * const loss = pmsn(tf.randomNormal([16, 8]), tf.randomNormal([8, 8]), tf.randomNormal([32, 8]), { powerLawExponent: 1 });
 */
export function pmsn(
  anchors: tf.Tensor2D,
  targets: tf.Tensor2D,
  prototypes: tf.Tensor2D,
  options: PmsnOptions = {},
): tf.Scalar {
  const given = checkOptions('pmsn', options, pmsnOptionNames);
  const { powerLawExponent, targetDistribution } = {
    ...pmsnDefaults,
    ...given,
  };
  checkNonNegative('pmsn', { powerLawExponent });
  return prototypeMatching('pmsn', anchors, targets, prototypes, given, (logMean) => {
    const prior =
      typeof targetDistribution === 'function'
        ? targetDistribution(tf.exp(logMean))
        : (targetDistribution ?? powerLaw(logMean.shape[0], powerLawExponent));
    checkTensor('pmsn', 'targetDistribution', prior, logMean.shape);
    // Shares of 0 add nothing; the floor keeps their logarithm finite.
    const logPrior = tf.log(tf.maximum(prior, 1e-30));
    return tf.sum(tf.mul(prior, tf.sub(logPrior, logMean))) as tf.Scalar;
  });
}

/** `j^-exponent` for `j` from 1, scaled to sum to 1: `[k]`. */
function powerLaw(k: number, exponent: number): tf.Tensor1D {
  const weights = Array.from({ length: k }, (_, index) => (index + 1) ** -exponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return tf.tensor1d(weights.map((weight) => weight / total));
}
