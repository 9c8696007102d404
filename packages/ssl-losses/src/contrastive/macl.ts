import * as tf from '@tensorflow/tfjs-core';
import { checkPositive, checkShare, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { ownLogSumExp } from './own-log-sum-exp.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { rowBlocks } from '../numerics/row-blocks.js';

/** Options of {@link macl}. */
export interface MaclOptions<R extends Reduction = Reduction> {
  /** Temperature at alignment `a0`, positive. */
  readonly temperature?: number;
  /** How far the temperature follows the alignment, in `[0, 1]`. */
  readonly alpha?: number;
  /** Alignment at which the temperature is `temperature`, in `[0, 1]`. */
  readonly a0?: number;
  readonly reduction?: R;
  /** Rows whose similarities are held at a time; by default as many as make 4 million numbers, 256 or more. */
  readonly blockRows?: number;
}

const maclOptionNames: OptionNames<MaclOptions> = {
  temperature: 'optionalNumber',
  alpha: 'optionalNumber',
  a0: 'optionalNumber',
  reduction: 'optional',
  blockRows: 'optionalNumber',
};

/** Defaults of {@link macl}, of arXiv 2207.07874: lightly's. */
export const maclDefaults = { temperature: 0.1, alpha: 0.5, a0: 0, reduction: 'mean' } as const;

/** Least share of `temperature` that is left when views point away from each other, which with alpha = 1 is none. */
const leastShare = 1e-3;

/**
 * Model-aware contrastive loss: {@link ntXent} with a temperature that rises with the alignment `A` of the positives, and
 * with weights that make up for small gradients where negatives are easy:
 * `loss_i = -V_i log P_i`, `V_i = 1 / (1 - P_i)`, `P_i` the softmax probability of the positive at the temperature
 * `temperature (1 + alpha (A - a0))`. `A`, the mean cosine of the positives, and `V` are constants to the gradient.
 *
 * @param first features of the first view, `[batch, dim]`; scaled to length 1 here
 * @param second of the second view, `[batch, dim]`
 * @returns scalar in nats, or `[2 * batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match, or for a single image; InvalidOptionError for options
 * Source: Huang et al. 2022, arXiv 2207.07874. Equal to lightly's `MACLLoss`, but for a floor of the
 * temperature at a thousandth.
 */
export function macl<R extends Reduction = 'mean'>(
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  options: MaclOptions<R> = {},
): Reduced<R> {
  const { temperature, alpha, a0, reduction, blockRows } = {
    ...maclDefaults,
    ...checkOptions('macl', options, maclOptionNames),
  };
  checkPositive('macl', { temperature });
  checkShare('macl', { alpha, a0 });
  checkTensor('macl', 'first', first, ['batch', 'dim']);
  checkTensor('macl', 'second', second, first.shape);
  const [batch, dim] = first.shape;
  if (batch < 2) throw new ShapeError('macl', 'first', 'two or more images', `[${batch}, ${dim}]`);
  const unit = l2Normalize(tf.concat([first, second], 0));
  const cosines = tf.sum(tf.mul(tf.slice(unit, [0, 0], [batch, dim]), tf.slice(unit, [batch, 0], [batch, dim])), 1);
  const share = tf.maximum(tf.add(tf.mul(tf.sub(stopGradient(tf.mean(cosines)), a0), alpha), 1), leastShare);
  const inverse = tf.div(1 / temperature, share);
  const scaled = tf.mul(unit, tf.sqrt(inverse)) as tf.Tensor2D;
  const blocks = rowBlocks('macl', 2 * batch, 2 * batch, blockRows);
  const negatives = ownLogSumExp(scaled, { period: batch, blocks });
  // -log(e^p / (e^p + e^n)) = softplus(n - p), with all digits where P is nearly 1.
  const surprise = tf.softplus(tf.sub(negatives, tf.tile(tf.mul(cosines, inverse), [2]))) as tf.Tensor1D;
  const missed = tf.neg(tf.expm1(tf.neg(surprise)));
  const weights = stopGradient(tf.div(1, tf.add(missed, 1e-8)));
  return reduce('macl', tf.mul(surprise, weights) as tf.Tensor1D, reduction as R);
}
