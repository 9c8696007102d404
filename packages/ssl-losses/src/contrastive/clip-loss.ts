import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { scaleOf, type LogScale } from './log-scale.js';
import { productLogSumExp } from './product-log-sum-exp.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { rowBlocks } from '../numerics/row-blocks.js';

/** Options of {@link clipLoss}. */
export interface ClipLossOptions<R extends Reduction = Reduction> {
  /** Largest factor of the similarities; a learnt scale counts as this where it is larger. */
  readonly maxScale?: number;
  /** Scale the rows to length 1 first. */
  readonly normalize?: boolean;
  readonly reduction?: R;
  /** Rows whose similarities are held at a time; by default as many as make 4 million numbers, 256 or more. */
  readonly blockRows?: number;
}

const clipLossOptionNames: OptionNames<ClipLossOptions> = {
  maxScale: 'optionalNumber',
  normalize: 'optionalFlag',
  reduction: 'optional',
  blockRows: 'optionalNumber',
};

/** Defaults of {@link clipLoss}: arXiv 2103.00020. A learnt `logScale` starts there at `log(1 / 0.07)`. */
export const clipLossDefaults = { maxScale: 100, normalize: true, reduction: 'mean' } as const;

/**
 * Symmetric contrastive loss between two modalities: the mean of the cross-entropies of finding each image's text and each
 * text's image in the batch, `loss_i = (logSumExp_j s_ij + logSumExp_j s_ji) / 2 - s_ii` with
 * `s_ij = min(exp(logScale), maxScale) x_i . y_j`.
 *
 * @param images `[batch, dim]`
 * @param texts `[batch, dim]`, row `i` belongs to image `i`
 * @param logScale logarithm of the inverse temperature; its gradient also flows above `maxScale`
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match, or for a single pair; InvalidOptionError for options
 * Source: Radford et al. 2021, arXiv 2103.00020, figure 3. Equal to the loss of transformers' `CLIPModel`, which leaves
 * the limit to the training loop.
 *
 * @example
 * const logScale = tf.variable(tf.scalar(Math.log(1 / 0.07)));
 * const loss = clipLoss(tf.randomNormal([8, 16]), tf.randomNormal([8, 16]), logScale);
 */
export function clipLoss<R extends Reduction = 'mean'>(
  images: tf.Tensor2D,
  texts: tf.Tensor2D,
  logScale: LogScale,
  options: ClipLossOptions<R> = {},
): Reduced<R> {
  const { maxScale, normalize, reduction, blockRows } = {
    ...clipLossDefaults,
    ...checkOptions('clipLoss', options, clipLossOptionNames),
  };
  checkTensor('clipLoss', 'images', images, ['batch', 'dim']);
  checkTensor('clipLoss', 'texts', texts, images.shape);
  const [batch, dim] = images.shape;
  if (batch < 2) throw new ShapeError('clipLoss', 'images', 'two or more pairs', `[${batch}, ${dim}]`);
  const scale = scaleOf('clipLoss', logScale, maxScale);
  const x = tf.mul(normalize ? l2Normalize(images) : images, scale) as tf.Tensor2D;
  const y = normalize ? l2Normalize(texts) : texts;
  const [rows, columns] = bothLogSumExps(x, y, blockRows);
  const matches = tf.sum(tf.mul(x, y), 1);
  const losses = tf.sub(tf.mul(tf.add(rows, columns), 0.5), matches);
  return reduce('clipLoss', losses as tf.Tensor1D, reduction as R);
}

/** `log(sum_j exp(x_i . y_j))` and `log(sum_j exp(x_j . y_i))`, from the same products where one block holds them. */
function bothLogSumExps(x: tf.Tensor2D, y: tf.Tensor2D, blockRows: number | undefined): [tf.Tensor1D, tf.Tensor1D] {
  if (rowBlocks('clipLoss', x.shape[0], y.shape[0], blockRows).length > 1)
    return [productLogSumExp('clipLoss', x, y, blockRows), productLogSumExp('clipLoss', y, x, blockRows)];
  const products = tf.matMul(x, y, false, true) as tf.Tensor2D;
  return [logSumExpRows(products), logSumExpRows(tf.transpose(products))];
}
