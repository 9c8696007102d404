import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, ShapeError } from '@selfsup/ssl-tensor/host';
import { reduceCounted } from './reduce-weighted.js';
import { reduce, type Reduced, type Reduction } from './reduction.js';
import { withoutGradient } from './without-gradient.js';

/** How the elements of one sample become its loss. */
export type ElementReduction = 'mean' | 'sum';

/**
 * The loss of each sample from the losses of its elements, then their reduction over the batch.
 *
 * @param losses `[batch, ...]`
 * @returns scalar, or `[batch]` with reduction `none`
 * @param weight `[batch, ...]`, 0 = the element does not count; a sample of which none counts is left out of the batch's mean,
 * and has 0 under `none`. Default: all count
 * @throws ShapeError for a scalar or an empty tensor; InvalidOptionError for unknown words
 */
export function reduceElements<R extends Reduction>(
  where: string,
  losses: tf.Tensor,
  elements: ElementReduction,
  reduction: R,
  weight?: tf.Tensor,
): Reduced<R> {
  checkChoice(where, 'elements', elements, ['mean', 'sum']);
  if (losses.rank === 0 || losses.size === 0)
    throw new ShapeError(where, 'prediction', '[batch, ...] with one element or more', `[${losses.shape.join(', ')}]`);
  const rows = tf.reshape(losses, [losses.shape[0]!, -1]);
  if (weight !== undefined) {
    const shares = tf.reshape(weight, rows.shape);
    const counts = tf.sum(shares, 1);
    const counted = withoutGradient<tf.Rank.R1>(counts, (count) => tf.cast(tf.notEqual(count, 0), 'float32'));
    const totals = tf.sum(tf.mul(rows, shares), 1);
    const own = elements === 'sum' ? totals : tf.div(totals, tf.add(counts, tf.sub(1, counted)));
    return reduceCounted(where, own as tf.Tensor1D, counted, reduction);
  }
  return reduce(where, (elements === 'mean' ? tf.mean(rows, 1) : tf.sum(rows, 1)) as tf.Tensor1D, reduction);
}
