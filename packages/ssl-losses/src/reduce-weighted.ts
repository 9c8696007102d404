import * as tf from '@tensorflow/tfjs-core';
import { reduce, type Reduced, type Reduction } from './reduction.js';

/** Below every sum of weights that counts; keeps a division by none of them finite. */
const fewest = 1e-12;

/**
 * Weighted losses of places as one number: `mean` divides the weighted sum by the sum of all weights, `sum` does not
 * divide, `none` gives each sample's weighted mean. Where all weights are 0, so is the result.
 *
 * @param losses `[batch, places]`
 * @param weights `[batch, places]`, 0 = does not count
 * @returns scalar, or `[batch]` with reduction `none`
 * @throws InvalidOptionError for another word than a {@link Reduction}
 */
export function reduceWeighted<R extends Reduction>(
  where: string,
  losses: tf.Tensor2D,
  weights: tf.Tensor2D,
  reduction: R,
): Reduced<R> {
  const totals = tf.sum(tf.mul(losses, weights), 1) as tf.Tensor1D;
  const counts = tf.sum(weights, 1);
  if (reduction === 'mean') return tf.div(tf.sum(totals), tf.maximum(tf.sum(counts), fewest)) as Reduced<R>;
  const values = reduction === 'none' ? tf.div(totals, tf.maximum(counts, fewest)) : totals;
  return reduce(where, values as tf.Tensor1D, reduction);
}
