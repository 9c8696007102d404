import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { productLogSumExp } from './product-log-sum-exp.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';

/** Options of {@link infoNCE}. */
export interface InfoNCEOptions<R extends Reduction = Reduction> {
  /** Divisor of the similarities, positive. */
  readonly temperature?: number;
  /** Scale the rows to length 1 first. */
  readonly normalize?: boolean;
  readonly reduction?: R;
  /** Rows whose similarities are held at a time; by default as many as make 4 million numbers, 256 or more. */
  readonly blockRows?: number;
}

const infoNCEOptionNames: OptionNames<InfoNCEOptions> = {
  temperature: 'optionalNumber',
  normalize: 'optionalFlag',
  reduction: 'optional',
  blockRows: 'optionalNumber',
};

/** Defaults of {@link infoNCE}: temperature of MoCo (arXiv 1911.05722). */
export const infoNCEDefaults = { temperature: 0.07, normalize: true, reduction: 'mean' } as const;

/**
 * Contrastive loss of queries against their positives and shared negatives:
 * `loss_i = log(exp(q_i . p_i / t) + sum_k exp(q_i . n_k / t)) - q_i . p_i / t`.
 *
 * Without `negatives`, the positives of the other queries take their place.
 *
 * @param query `[batch, dim]`
 * @param positive `[batch, dim]`, row `i` belongs to query `i`
 * @param negatives a queue or memory bank, `[k, dim]`
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match, or a single query has no negatives; InvalidOptionError for options
 * Source: van den Oord et al. 2018, arXiv 1807.03748, equation 4; with negatives He et al. 2020, arXiv 1911.05722,
 * equation 1, equal to lightly's `NTXentLoss` with a memory bank.
 */
export function infoNCE<R extends Reduction = 'mean'>(
  query: tf.Tensor2D,
  positive: tf.Tensor2D,
  negatives?: tf.Tensor2D,
  options: InfoNCEOptions<R> = {},
): Reduced<R> {
  const { temperature, normalize, blockRows, reduction } = {
    ...infoNCEDefaults,
    ...checkOptions('infoNCE', options, infoNCEOptionNames),
  };
  checkPositive('infoNCE', { temperature });
  checkTensor('infoNCE', 'query', query, ['batch', 'dim']);
  checkTensor('infoNCE', 'positive', positive, query.shape);
  const [batch, dim] = query.shape;
  if (negatives !== undefined) checkTensor('infoNCE', 'negatives', negatives, ['k', dim]);
  if (batch === 0 || (batch === 1 && negatives === undefined) || negatives?.shape[0] === 0) {
    throw new ShapeError(
      'infoNCE',
      negatives === undefined ? 'query' : 'negatives',
      'two or more queries, or one or more negatives',
      `[${(negatives ?? query).shape.join(', ')}]`,
    );
  }

  const unit = (x: tf.Tensor2D): tf.Tensor2D => (normalize ? l2Normalize(x) : x);
  const anchors = tf.mul(unit(query), 1 / temperature) as tf.Tensor2D;
  const matches = unit(positive);
  const attraction = tf.sum(tf.mul(anchors, matches), 1) as tf.Tensor1D;
  const repulsion = productLogSumExp(
    'infoNCE',
    anchors,
    negatives === undefined ? matches : unit(negatives),
    blockRows,
  );
  // With separate negatives: log(e^p + e^n) - p = softplus(n - p), without gluing the positive to the negatives.
  const difference = tf.sub(repulsion, attraction) as tf.Tensor1D;
  return reduce('infoNCE', negatives === undefined ? difference : tf.softplus(difference), reduction as R);
}
