import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

/** How losses of single samples become one: their mean, their sum, or left as `[batch]`. */
export type Reduction = 'mean' | 'sum' | 'none';

/** Result of a loss: a scalar, or `[batch]` with reduction `none`. */
export type Reduced<R extends Reduction> = R extends 'none' ? tf.Tensor1D : tf.Scalar;

/** @throws InvalidOptionError for another word than a {@link Reduction}; ShapeError for the mean or sum of no samples */
export function reduce<R extends Reduction>(where: string, losses: tf.Tensor1D, reduction: R): Reduced<R> {
  if (reduction === 'none') return losses as Reduced<R>;
  if (losses.size === 0) throw new ShapeError(where, 'the batch', 'one sample or more', 'none');
  if (reduction === 'mean') return tf.mean(losses) as Reduced<R>;
  if (reduction === 'sum') return tf.sum(losses) as Reduced<R>;
  throw new InvalidOptionError(where, 'reduction', "'mean', 'sum' or 'none'", reduction);
}
