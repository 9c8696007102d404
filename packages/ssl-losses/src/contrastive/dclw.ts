import * as tf from '@tensorflow/tfjs-core';
import { checkPositive, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { dcl, dclDefaults, type DclOptions } from './dcl.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link dclw}. */
export interface DclwOptions<R extends Reduction = Reduction> extends Omit<DclOptions<R>, 'weight'> {
  /** Divisor of the cosines in the weights, positive. */
  readonly sigma?: number;
}

const dclwOptionNames: OptionNames<DclwOptions> = {
  sigma: 'optionalNumber',
  temperature: 'optionalNumber',
  reduction: 'optional',
  blockRows: 'optionalNumber',
};

/** Defaults of {@link dclw}, of arXiv 2110.06848: lightly's. */
export const dclwDefaults = { ...dclDefaults, sigma: 0.5 } as const;

/**
 * {@link dcl} that counts positive pairs more the further apart they are:
 * `w_i = 2 - exp(z_i . z_i' / sigma) / mean_j exp(z_j . z_j' / sigma)`, a constant to the gradient.
 *
 * @param first features of the first view, `[batch, dim]`; scaled to length 1 here
 * @param second of the second view, `[batch, dim]`
 * @returns scalar in nats, may be negative; or `[2 * batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match, or for a single image; InvalidOptionError for options
 * Source: Yeh et al. 2021, arXiv 2110.06848, equation 6 with its negative von Mises-Fisher weights. Equal to lightly's
 * `DCLWLoss`.
 */
export function dclw<R extends Reduction = 'mean'>(
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  options: DclwOptions<R> = {},
): Reduced<R> {
  const { sigma, ...rest } = { ...dclwDefaults, ...checkOptions('dclw', options, dclwOptionNames) };
  checkPositive('dclw', { sigma });
  const weight = (anchors: tf.Tensor2D, positives: tf.Tensor2D): tf.Tensor1D => {
    const shares = tf.softmax(tf.mul(tf.sum(tf.mul(anchors, positives), 1), 1 / sigma) as tf.Tensor1D);
    return stopGradient(tf.sub(2, tf.mul(shares, anchors.shape[0])));
  };
  return dcl<R>(first, second, { ...rest, weight } as DclOptions<R>);
}
