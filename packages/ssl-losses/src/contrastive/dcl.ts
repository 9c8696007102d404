import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { ownLogSumExp } from './own-log-sum-exp.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { rowBlocks } from '../numerics/row-blocks.js';

/** Options of {@link dcl}. */
export interface DclOptions<R extends Reduction = Reduction> {
  /** Divisor of the similarities, positive. */
  readonly temperature?: number;
  /**
   * Weights of the positive pairs, from the anchors and their positives of length 1, `[batch, dim]` each: `[batch]`.
   * By default 1.
   */
  readonly weight?: (anchors: tf.Tensor2D, positives: tf.Tensor2D) => tf.Tensor1D;
  readonly reduction?: R;
  /** Rows whose similarities are held at a time; by default as many as make 4 million numbers, 256 or more. */
  readonly blockRows?: number;
}

const dclOptionNames: OptionNames<DclOptions> = {
  temperature: 'optionalNumber',
  weight: 'optionalFunction',
  reduction: 'optional',
  blockRows: 'optionalNumber',
};

/** Defaults of {@link dcl}, of arXiv 2110.06848: lightly's. */
export const dclDefaults = { temperature: 0.1, reduction: 'mean' } as const;

/**
 * Decoupled contrastive loss: {@link ntXent} without the positive pair in the denominator, so that easy positives do not
 * shrink the gradient of the negatives: `loss_i = logSumExp_{a not of image i}(s_ia) - w_i s_ip`.
 *
 * @param first features of the first view, `[batch, dim]`; scaled to length 1 here
 * @param second of the second view, `[batch, dim]`
 * @returns scalar in nats, may be negative; or `[2 * batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match, or for a single image; InvalidOptionError for options
 * Source: Yeh et al. 2021, arXiv 2110.06848, equation 6. Equal to lightly's `DCLLoss`.
 *
 * @example
 * const loss = dcl(tf.randomNormal([8, 16]), tf.randomNormal([8, 16]), { temperature: 0.1 });
 */
export function dcl<R extends Reduction = 'mean'>(
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  options: DclOptions<R> = {},
): Reduced<R> {
  const { temperature, weight, reduction, blockRows } = {
    ...dclDefaults,
    ...checkOptions('dcl', options, dclOptionNames),
  };
  checkPositive('dcl', { temperature });
  checkTensor('dcl', 'first', first, ['batch', 'dim']);
  checkTensor('dcl', 'second', second, first.shape);
  const [batch, dim] = first.shape;
  if (batch < 2) throw new ShapeError('dcl', 'first', 'two or more images', `[${batch}, ${dim}]`);
  const unit = l2Normalize(tf.concat([first, second], 0));
  const view = (index: number): tf.Tensor2D => tf.slice(unit, [index * batch, 0], [batch, dim]);
  const [a, b] = [view(0), view(1)];
  const cosines = tf.sum(tf.mul(a, b), 1);
  const weights = weight === undefined ? [] : [weight(a, b), weight(b, a)];
  weights.forEach((given) => checkTensor('dcl', 'the result of weight', given, [batch]));
  const pairs = tf.tile(tf.mul(cosines, 1 / temperature), [2]);
  const attraction = weights.length === 0 ? pairs : tf.mul(pairs, tf.concat(weights, 0));
  const scaled = tf.mul(unit, Math.sqrt(1 / temperature)) as tf.Tensor2D;
  const blocks = rowBlocks('dcl', 2 * batch, 2 * batch, blockRows);
  const repulsion = ownLogSumExp(scaled, { period: batch, blocks });
  return reduce('dcl', tf.sub(repulsion, attraction) as tf.Tensor1D, reduction as R);
}
