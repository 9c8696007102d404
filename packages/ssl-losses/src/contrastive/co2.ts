import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkPositive, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';

/** Options of {@link co2}. */
export interface CO2Options<R extends Reduction = Reduction> {
  /** Weight of the term. */
  readonly alpha?: number;
  /** Divisor of the similarities, positive. */
  readonly temperature?: number;
  /** A memory bank, `[k, dim]`, in place of the other images of the batch; no gradient flows into it. */
  readonly negatives?: tf.Tensor2D;
  readonly reduction?: R;
}

const co2OptionNames: OptionNames<CO2Options> = {
  alpha: 'optionalNumber',
  temperature: 'optionalNumber',
  negatives: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link co2}: those of lightly's `CO2Regularizer`, after arXiv 2010.02217. */
export const co2Defaults = { alpha: 1, temperature: 0.05, reduction: 'mean' } as const;

/**
 * Consistency of the similarities of two views to the same negatives: `alpha (KL(p_i | q_i) + KL(q_i | p_i)) / 2`,
 * where `p_i` is the softmax of the similarities of view `a_i` to its positive `b_i` and the negatives, and `q_i` that
 * of `b_i`.
 *
 * Without `negatives`, the other view of the other images takes their place.
 *
 * @param zA `[batch, dim]`
 * @param zB `[batch, dim]`, row `i` is another view of row `i` of `zA`
 * @returns scalar in nats, or `[batch]` with reduction `none`; 0 for one image without a bank, which has no negatives
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Wei et al. 2021, arXiv 2010.02217. Equal to the value of lightly's `CO2Regularizer`, whose 1.6
 * returns it without gradient.
 *
 * @example
 * const loss = co2(tf.randomNormal([8, 16]), tf.randomNormal([8, 16]), { temperature: 0.1 });
 */
export function co2<R extends Reduction = 'mean'>(
  zA: tf.Tensor2D,
  zB: tf.Tensor2D,
  options: CO2Options<R> = {},
): Reduced<R> {
  const { alpha, temperature, negatives, reduction } = {
    ...co2Defaults,
    ...checkOptions('co2', options, co2OptionNames),
  };
  checkTensor('co2', 'zA', zA, ['batch', 'dim']);
  checkTensor('co2', 'zB', zB, zA.shape);
  checkNonNegative('co2', { alpha });
  checkPositive('co2', { temperature });
  const [batch, dim] = zA.shape;
  if (negatives !== undefined) checkTensor('co2', 'negatives', negatives, ['k', dim]);

  const [a, b] = [l2Normalize(zA), l2Normalize(zB)];
  const [first, second] =
    negatives === undefined ? withinBatch(a, b) : withBank(a, b, l2Normalize(stopGradient(negatives)));
  const [logP, logQ] = [first, second].map((scores) => {
    const x = tf.mul(scores!, 1 / temperature) as tf.Tensor2D;
    return tf.sub(x, tf.reshape(logSumExpRows(x), [batch, 1]));
  }) as [tf.Tensor2D, tf.Tensor2D];
  // Both divergences at once: sum (p - q)(log p - log q).
  const divergence = tf.sum(tf.mul(tf.sub(tf.exp(logP), tf.exp(logQ)), tf.sub(logP, logQ)), 1);
  return reduce('co2', tf.mul(divergence, alpha / 2) as tf.Tensor1D, reduction as R);
}

/** Similarities of each `a_i` to all `b_j`, and of each `b_i` to all `a_j`: the positives lie on both diagonals. */
function withinBatch(a: tf.Tensor2D, b: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const similarities = tf.matMul(a, b, false, true) as tf.Tensor2D;
  return [similarities, tf.transpose(similarities)];
}

function withBank(a: tf.Tensor2D, b: tf.Tensor2D, bank: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const positive = tf.sum(tf.mul(a, b), 1, true) as tf.Tensor2D;
  const others = [a, b].map((x) => tf.concat([positive, tf.matMul(x, bank, false, true)], 1));
  return others as [tf.Tensor2D, tf.Tensor2D];
}
