import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@selfsup/ssl-tensor';
import { reduce, type Reduced, type Reduction } from './reduction.js';

/**
 * Weighted losses of places as one number: `mean` divides the weighted sum by the sum of all weights, `sum` does not
 * divide, `none` gives each sample's weighted mean.
 *
 * A loss over nothing, where all weights are 0, is NaN with a NaN gradient, under `sum` too: 0 would look like a model
 * that is perfect. So the Trainer stops. Under `none` that goes sample by sample.
 *
 * @param losses `[batch, places]`
 * @param weights `[batch, places]`, 0 = does not count
 * @returns scalar, or `[batch]` with reduction `none`
 * @throws InvalidOptionError for another word than a {@link Reduction}; ShapeError for a batch of no samples
 */
export function reduceWeighted<R extends Reduction>(
  where: string,
  losses: tf.Tensor2D,
  weights: tf.Tensor2D,
  reduction: R,
): Reduced<R> {
  const totals = tf.sum(tf.mul(losses, weights), 1) as tf.Tensor1D;
  const counts = tf.sum(weights, 1) as tf.Tensor1D;
  return reduction === 'none' ? (tf.div(totals, counts) as Reduced<R>) : overCounts(where, totals, counts, reduction);
}

/**
 * Losses of single rows as one number: as {@link reduceWeighted}, but `none` gives them as they are, so that a row that
 * does not count has 0, as in PyTorch.
 *
 * @param losses `[n]`, weighted already
 * @param weights `[n]`, 0 = does not count
 */
export function reduceCounted<R extends Reduction>(
  where: string,
  losses: tf.Tensor1D,
  weights: tf.Tensor1D,
  reduction: R,
): Reduced<R> {
  return reduction === 'none' ? (losses as Reduced<R>) : overCounts(where, losses, weights, reduction);
}

/** NaN where `count` is 0, else `x`; no gradient flows into the count. */
export function unlessNothing<T extends tf.Tensor>(x: T, count: tf.Tensor): T {
  const fixed = stopGradient(count);
  return tf.mul(x, tf.div(fixed, fixed));
}

function overCounts<R extends Reduction>(
  where: string,
  totals: tf.Tensor1D,
  counts: tf.Tensor1D,
  reduction: R,
): Reduced<R> {
  const sum = reduce(where, totals, reduction === 'mean' ? 'sum' : reduction) as tf.Scalar;
  const count = tf.sum(counts);
  return (reduction === 'mean' ? tf.div(sum, count) : unlessNothing(sum, count)) as Reduced<R>;
}
