import * as tf from '@tensorflow/tfjs-core';
import {
  checkOptions,
  checkPositive,
  InvalidOptionError,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { ownLogSumExp } from './own-log-sum-exp.js';
import { productLogSumExp } from './product-log-sum-exp.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { excluded, rowBlocks } from '../numerics/row-blocks.js';
import { stackViews, type StackedViews } from '../numerics/stack-views.js';

/** Options of {@link ntXent}. */
export interface NtXentOptions<R extends Reduction = Reduction> {
  /** Divisor of the similarities, positive. */
  readonly temperature?: number;
  /** Views per image when `z` is one tensor, 2 or more. */
  readonly views?: number;
  /** Scale the rows to length 1 first. */
  readonly normalize?: boolean;
  readonly reduction?: R;
  /** More negatives for every anchor, such as a memory bank: `[k, dim]`. */
  readonly negatives?: tf.Tensor2D;
  /**
   * Pairs that may count as negatives: int32 or bool `[views * batch, views * batch + k]`, 1 = counts, 0 = left out.
   * Positives always count. With a mask the similarities are held all at once.
   */
  readonly negativeMask?: tf.Tensor2D;
  /** Rows whose similarities are held at a time; by default as many as make 4 million numbers, 256 or more. */
  readonly blockRows?: number;
}

const ntXentOptionNames: OptionNames<NtXentOptions> = {
  temperature: 'optionalNumber',
  views: 'optionalNumber',
  normalize: 'optionalFlag',
  reduction: 'optional',
  negatives: 'optional',
  negativeMask: 'optional',
  blockRows: 'optionalNumber',
};

/** Defaults of {@link ntXent}: temperature of SimCLR on CIFAR-10 (arXiv 2002.05709, appendix B.9). */
export const ntXentDefaults = { temperature: 0.5, views: 2, normalize: true, reduction: 'mean' } as const;

/**
 * Normalised temperature-scaled cross-entropy between views of the same images:
 * `loss_i = logSumExp_{a != i}(s_ia) - mean_{p in P(i)} s_ip` with `s_ij = z_i . z_j / temperature`,
 * where `P(i)` are the other views of image `i`.
 *
 * Memory is linear in the batch: similarities are computed block of rows by block of rows, and again for the gradient.
 *
 * @param z features `[views * batch, dim]`, view after view; or the views, each `[batch, dim]`
 * @returns scalar in nats, or `[views * batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match, or one image leaves no negatives; InvalidOptionError for options
 * Source: Chen et al. 2020, arXiv 2002.05709, equation 1; for more than two views Khosla et al. 2020, arXiv 2004.11362,
 * equation 2. Equal to lightly's `NTXentLoss` for two views.
 *
 * @example
 * const loss = ntXent(tf.randomNormal([8, 16]), { temperature: 0.2 });
 */
export function ntXent<R extends Reduction = 'mean'>(
  z: tf.Tensor2D | readonly tf.Tensor2D[],
  options: NtXentOptions<R> = {},
): Reduced<R> {
  const { temperature, normalize, negatives, negativeMask, blockRows, reduction } = {
    ...ntXentDefaults,
    ...checkOptions('ntXent', options, ntXentOptionNames),
  };
  const stacked = stackViews('ntXent', z, options.views);
  const { features, views, batch } = stacked;
  const [rows, dim] = features.shape;
  checkPositive('ntXent', { temperature });
  if (negatives !== undefined) checkTensor('ntXent', 'negatives', negatives, ['k', dim]);
  const columns = rows + (negatives?.shape[0] ?? 0);
  if (batch === 1 && columns === rows)
    throw new ShapeError(
      'ntXent',
      'z',
      'features of two or more images, or negatives besides',
      `[${rows}, ${dim}] in ${views} views`,
    );
  if (negativeMask !== undefined) {
    checkTensor('ntXent', 'negativeMask', negativeMask, [rows, columns], ['int32', 'bool']);
    if (blockRows !== undefined)
      throw new InvalidOptionError('ntXent', 'blockRows', 'left out with a negativeMask', blockRows);
  }

  const unit = normalize ? l2Normalize(features) : features;
  const bank = negatives !== undefined && normalize ? l2Normalize(negatives) : negatives;
  // The temperature goes on the smaller factor.
  const anchors = tf.mul(unit, 1 / temperature) as tf.Tensor2D;
  const attraction = tf.sum(tf.mul(anchors, meanPartner(unit, stacked)), 1) as tf.Tensor1D;
  if (negativeMask !== undefined) {
    const others = bank === undefined ? unit : tf.concat([unit, bank], 0);
    const similarities = tf.matMul(anchors, others, false, true);
    const counts = tf.cast(withPositives(negativeMask, stacked), 'float32');
    const kept = tf.add(similarities, tf.mul(tf.sub(1, counts), excluded)) as tf.Tensor2D;
    return reduce('ntXent', tf.sub(logSumExpRows(kept), attraction) as tf.Tensor1D, reduction as R);
  }
  const scaled = tf.mul(unit, Math.sqrt(1 / temperature)) as tf.Tensor2D;
  const blocks = rowBlocks('ntXent', rows, rows, blockRows);
  // With one positive it can be kept apart from the negatives, which leaves a small loss all its digits.
  const isPair = views === 2;
  const own = batch === 1 && isPair ? [] : [ownLogSumExp(scaled, { period: isPair ? batch : rows, blocks })];
  const others = columns === rows ? [] : [productLogSumExp('ntXent', anchors, bank!, blockRows)];
  const difference = tf.sub([...own, ...others].reduce(logAddExp), attraction);
  return reduce('ntXent', (isPair ? tf.softplus(difference) : difference) as tf.Tensor1D, reduction as R);
}

/** `log(e^a + e^b)`. */
function logAddExp(a: tf.Tensor1D, b: tf.Tensor1D): tf.Tensor1D {
  return tf.add(a, tf.softplus(tf.sub(b, a)));
}

/** Mean over the other views of each row's image. */
function meanPartner(features: tf.Tensor2D, { views, batch }: StackedViews): tf.Tensor2D {
  const grouped = tf.reshape(features, [views, batch, features.shape[1]]);
  const others = tf.mul(tf.sub(tf.sum(grouped, 0, true), grouped), 1 / (views - 1));
  return tf.reshape(others, features.shape);
}

/** The mask with 1 at the positives and 0 at the anchors themselves. */
function withPositives(mask: tf.Tensor2D, { views, batch }: StackedViews): tf.Tensor2D {
  const rows = views * batch;
  const places: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < rows; i++)
    for (let j = i % batch; j < rows; j += batch) {
      places.push(i, j);
      values.push(Number(i !== j));
    }
  const indices = tf.tensor2d(places, [values.length, 2], 'int32');
  return tf.tensorScatterUpdate(tf.cast(mask, 'int32'), indices, tf.tensor1d(values, 'int32')) as tf.Tensor2D;
}
