import * as tf from '@tensorflow/tfjs-core';
import { checkPositive, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { takeAt } from '../dense/take-places.js';

/** Options of {@link koleo}. */
export interface KoleoOptions<R extends Reduction = Reduction> {
  /** Degree of the norm of the distance, 1 or more, or Infinity. */
  readonly p?: number;
  /** Added to each difference and to the distance; positive. */
  readonly eps?: number;
  readonly reduction?: R;
}

const koleoOptionNames: OptionNames<KoleoOptions> = {
  p: 'optionalNumber',
  eps: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link koleo}: the code of DINOv2, arXiv 2304.07193. */
export const koleoDefaults = { p: 2, eps: 1e-8, reduction: 'mean' } as const;

/**
 * Spreads features over the sphere by the distance of each to its nearest neighbour in the batch (Kozachenko and
 * Leonenko's estimate of the entropy): `-log(|x_i - x_nn(i) + eps|_p + eps)`, over rows that are scaled to length 1. The
 * neighbour is that of the largest cosine.
 *
 * Equal rows have a finite value and a gradient of `1 / eps`: clip gradients where they may occur.
 *
 * @param x `[batch, dim]`, two rows or more
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError on another rank or fewer rows; InvalidOptionError for options
 * Source: Sablayrolles et al. 2018, arXiv 1806.03198. Equal to lightly's `KoLeoLoss`.
 *
 * @example
 * const loss = koleo(tf.randomNormal([8, 16]));
 */
export function koleo<R extends Reduction = 'mean'>(x: tf.Tensor2D, options: KoleoOptions<R> = {}): Reduced<R> {
  const { p, eps, reduction } = { ...koleoDefaults, ...checkOptions('koleo', options, koleoOptionNames) };
  checkTensor('koleo', 'x', x, ['batch', 'dim']);
  const [batch] = x.shape;
  if (batch < 2) throw new ShapeError('koleo', 'x', 'two or more rows', `[${x.shape.join(', ')}]`);
  if (!(p >= 1)) throw new InvalidOptionError('koleo', 'p', '1 or more, or Infinity', p);
  checkPositive('koleo', { eps });

  const unit = l2Normalize(x);
  const fixed = stopGradient(unit);
  const row = tf.range(0, batch, 1, 'int32');
  const self = tf.equal(tf.expandDims(row, 1), tf.expandDims(row, 0));
  const cosines = tf.sub(tf.matMul(fixed, fixed, false, true), tf.mul(tf.cast(self, 'float32'), 4));
  const nearest = takeAt(unit, tf.argMax(cosines, 1));
  const distance = norm(tf.add(tf.sub(unit, nearest), eps) as tf.Tensor2D, p);
  return reduce('koleo', tf.neg(tf.log(tf.add(distance, eps))) as tf.Tensor1D, reduction as R);
}

/** `|row|_p` of each row. */
function norm(x: tf.Tensor2D, p: number): tf.Tensor {
  if (p === 1) return tf.sum(tf.abs(x), 1);
  if (p === Infinity) return tf.max(tf.abs(x), 1);
  // Scaled by the largest entry, of which the result does not depend: high powers of small differences underflow.
  const largest = stopGradient(tf.maximum(tf.max(tf.abs(x), 1, true), 1e-30));
  const scaled = tf.abs(tf.div(x, largest));
  const length = p === 2 ? tf.sqrt(tf.sum(tf.square(scaled), 1)) : tf.pow(tf.sum(tf.pow(scaled, p), 1), 1 / p);
  return tf.mul(length, tf.reshape(largest, [-1]));
}
