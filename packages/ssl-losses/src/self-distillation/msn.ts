import * as tf from '@tensorflow/tfjs-core';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import {
  prototypeMatching,
  prototypeMatchingDefaults,
  prototypeMatchingOptionNames,
  type PrototypeMatchingOptions,
} from './prototype-matching.js';

/** Options of {@link msn}. */
export type MsnOptions = PrototypeMatchingOptions;

/** Defaults of {@link msn}: those of lightly's `MSNLoss`, after arXiv 2204.07141. */
export const msnDefaults = prototypeMatchingDefaults;

/**
 * Masked Siamese networks: masked anchors predict the prototypes of the whole image, and all prototypes are used alike:
 * `mean_i H(p_i^+, p_i) + regularizationWeight * (log k - H(mean_i p_i))`, with `p = softmax(cosines / temperature)`.
 * The targets `p^+` are sharpened and balanced by Sinkhorn-Knopp; no gradient flows into them.
 *
 * @param anchors features of masked views, `[views * batch, dim]`, view after view
 * @param targets features of the whole images by the teacher, `[batch, dim]`
 * @param prototypes `[k, dim]`, learnt
 * @returns scalar in nats, 0 or more
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Assran et al. 2022, arXiv 2204.07141. Equal to lightly's `MSNLoss`, whose regularisation is that of
 * the paper up to the constant `log k`.
 *
 * @example
 * const loss = msn(tf.randomNormal([16, 8]), tf.randomNormal([8, 8]), tf.randomNormal([32, 8]));
 */
export function msn(
  anchors: tf.Tensor2D,
  targets: tf.Tensor2D,
  prototypes: tf.Tensor2D,
  options: MsnOptions = {},
): tf.Scalar {
  const given = checkOptions('msn', options, prototypeMatchingOptionNames);
  return prototypeMatching('msn', anchors, targets, prototypes, given, (logMean) => {
    const negativeEntropy = tf.sum(tf.mul(tf.exp(logMean), logMean)) as tf.Scalar;
    return tf.add(negativeEntropy, Math.log(logMean.shape[0]));
  });
}
