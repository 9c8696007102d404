import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from 'ssl-tensor/host';
import { checkChoice } from './check-choice.js';
import { reduce, type Reduced, type Reduction } from './reduction.js';

/** How the elements of one sample become its loss. */
export type ElementReduction = 'mean' | 'sum';

/**
 * The loss of each sample from the losses of its elements, then their reduction over the batch.
 *
 * @param losses `[batch, ...]`
 * @returns scalar, or `[batch]` with reduction `none`
 * @throws ShapeError for a scalar or an empty tensor; InvalidOptionError for unknown words
 */
export function reduceElements<R extends Reduction>(
  where: string,
  losses: tf.Tensor,
  elements: ElementReduction,
  reduction: R,
): Reduced<R> {
  checkChoice(where, 'elements', elements, ['mean', 'sum']);
  if (losses.rank === 0 || losses.size === 0)
    throw new ShapeError(where, 'prediction', '[batch, ...] with one element or more', `[${losses.shape.join(', ')}]`);
  const rows = tf.reshape(losses, [losses.shape[0]!, -1]);
  return reduce(where, (elements === 'mean' ? tf.mean(rows, 1) : tf.sum(rows, 1)) as tf.Tensor1D, reduction);
}
