import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { scaleOf, type LogScale } from './log-scale.js';
import { offDiagonalSoftplus } from './off-diagonal-softplus.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';

/** Options of {@link siglip}. */
export interface SiglipOptions<R extends Reduction = Reduction> {
  /** Scale the rows to length 1 first. */
  readonly normalize?: boolean;
  readonly reduction?: R;
  /** Rows whose similarities are held at a time; by default as many as make 4 million numbers, 256 or more. */
  readonly blockRows?: number;
}

const siglipOptionNames: OptionNames<SiglipOptions> = {
  normalize: 'optionalFlag',
  reduction: 'optional',
  blockRows: 'optionalNumber',
};

/** Defaults of {@link siglip}, of arXiv 2303.15343, algorithm 1. The paper starts `logScale` at `log(10)` and `bias` at -10. */
export const siglipDefaults = { normalize: true, reduction: 'mean' } as const;

/** Largest scale that keeps products of unit vectors finite, and far beyond what is learnt. */
const maxScale = 1e6;

/**
 * Sigmoid loss between two modalities: every pair of the batch is told as matching or not by itself,
 * `loss_i = -sum_j log sigmoid(z_ij (t x_i . y_j + b))` with `t = exp(logScale)`, `z_ii = 1` and `z_ij = -1` elsewhere.
 *
 * @param images `[batch, dim]`
 * @param texts `[batch, dim]`, row `i` belongs to image `i`
 * @param logScale logarithm of the inverse temperature
 * @param bias added to every similarity; offsets that almost all pairs do not match
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Zhai et al. 2023, arXiv 2303.15343, algorithm 1. Equal to the loss of transformers'
 * `SiglipModel`, up to which modality sums the rows with reduction `none`.
 *
 * @example
 * const [logScale, bias] = [tf.variable(tf.scalar(Math.log(10))), tf.variable(tf.scalar(-10))];
 * const loss = siglip(tf.randomNormal([8, 16]), tf.randomNormal([8, 16]), logScale, bias);
 */
export function siglip<R extends Reduction = 'mean'>(
  images: tf.Tensor2D,
  texts: tf.Tensor2D,
  logScale: LogScale,
  bias: tf.Scalar | number,
  options: SiglipOptions<R> = {},
): Reduced<R> {
  const { normalize, reduction, blockRows } = {
    ...siglipDefaults,
    ...checkOptions('siglip', options, siglipOptionNames),
  };
  checkTensor('siglip', 'images', images, ['batch', 'dim']);
  checkTensor('siglip', 'texts', texts, images.shape);
  const offset = typeof bias === 'number' ? tf.scalar(bias) : bias;
  checkTensor('siglip', 'bias', offset, []);
  const unit = (x: tf.Tensor2D): tf.Tensor2D => (normalize ? l2Normalize(x) : x);
  const x = tf.mul(unit(images), scaleOf('siglip', logScale, maxScale)) as tf.Tensor2D;
  const y = unit(texts);
  const accepted = tf.softplus(tf.neg(tf.add(tf.sum(tf.mul(x, y), 1), offset)));
  // The bias as one dimension more of the products.
  const column = tf.ones([x.shape[0], 1]);
  const [from, to] = [tf.concat([x, tf.mul(column, offset)], 1), tf.concat([y, column], 1)] as [
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const refused = offDiagonalSoftplus('siglip', from, to, blockRows);
  return reduce('siglip', tf.add(accepted, refused) as tf.Tensor1D, reduction as R);
}
