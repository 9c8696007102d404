import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkPositive, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';

/** Options of {@link sinkhorn}. */
export interface SinkhornOptions {
  /** Divisor of the scores; small ones give sharp codes. */
  readonly epsilon?: number;
  /** Rounds of balancing, 1 or more. */
  readonly iterations?: number;
}

const sinkhornOptionNames: OptionNames<SinkhornOptions> = {
  epsilon: 'optionalNumber',
  iterations: 'optionalNumber',
};

/** Defaults of {@link sinkhorn}: SwAV, arXiv 2006.09882. */
export const sinkhornDefaults = { epsilon: 0.05, iterations: 3 } as const;

/**
 * Balanced soft assignment of samples to prototypes (Sinkhorn and Knopp): `exp(scores / epsilon)`, whose columns and rows
 * are scaled in turn until each sample is a distribution and each prototype has about `n / k` of the samples.
 *
 * The first round works on logarithms: no epsilon underflows a whole row or column. From then on every sum is at least
 * `1 / max(n, k)`. The rows sum to 1, and no gradient flows.
 *
 * @param scores similarities of samples and prototypes, `[n, k]`
 * @returns `[n, k]`
 * @throws ShapeError on another rank or no entries; InvalidOptionError for options
 * Source: Caron et al. 2020, arXiv 2006.09882; Cuturi 2013, arXiv 1306.0895. Equal to lightly's
 * `sinkhorn` of SwAV; with the teacher's temperature as epsilon also the centring of DINOv2, arXiv 2304.07193.
 *
 * @example
 * const codes = sinkhorn(tf.randomUniform([8, 4]), { epsilon: 0.05 });
 */
export function sinkhorn(scores: tf.Tensor2D, options: SinkhornOptions = {}): tf.Tensor2D {
  const { epsilon, iterations } = { ...sinkhornDefaults, ...checkOptions('sinkhorn', options, sinkhornOptionNames) };
  checkTensor('sinkhorn', 'scores', scores, ['n', 'k']);
  checkPositive('sinkhorn', { epsilon });
  checkCount('sinkhorn', { iterations });
  return balance(tf.mul(stopGradient(scores), 1 / epsilon) as tf.Tensor2D, iterations);
}

/**
 * The balancing of {@link sinkhorn}, for each group on its own.
 *
 * @param logits logarithms of the weights to balance, `[...groups, n, k]`
 * @returns same shape, summing to 1 over the last axis
 */
export function balance<T extends tf.Tensor>(logits: T, iterations: number): T {
  const [samples, prototypes] = [logits.rank - 2, logits.rank - 1];
  let codes: tf.Tensor = tf.softmax(tf.sub(logits, tf.logSumExp(logits, samples, true)));
  for (let round = 1; round < iterations; round++) {
    codes = tf.div(codes, tf.sum(codes, samples, true));
    codes = tf.div(codes, tf.sum(codes, prototypes, true));
  }
  return codes as T;
}
