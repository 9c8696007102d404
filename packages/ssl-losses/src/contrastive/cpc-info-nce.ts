import * as tf from '@tensorflow/tfjs-core';
import {
  checkChoice,
  checkOptions,
  checkPositive,
  describeValue,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { productLogSumExp } from './product-log-sum-exp.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';

/** Options of {@link cpcInfoNCE}. */
export interface CpcInfoNCEOptions<R extends Reduction = Reduction> {
  /** What each encoding is told from: those of other samples at its place, of its sample at other places, or all. */
  readonly negatives?: 'samples' | 'places' | 'all';
  /** Divisor of the scores, positive. */
  readonly temperature?: number;
  /** Over the steps: `none` gives the loss of each. */
  readonly reduction?: R;
}

const cpcInfoNCEOptionNames: OptionNames<CpcInfoNCEOptions> = {
  negatives: 'optional',
  temperature: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link cpcInfoNCE}: arXiv 1807.03748 has no temperature. */
export const cpcInfoNCEDefaults = { negatives: 'all', temperature: 1, reduction: 'mean' } as const;

/**
 * Contrastive predictive coding: the encodings `k = 1, 2, ...` places ahead are predicted from the context, by one matrix
 * per step: `loss_k = mean_{i,t}(logSumExp_{(j,u)} s - s_own)` with the score `s = z_j,u . (c_i,t W_k) / temperature` of
 * the encodings `z_j,u` with `u = t + k` for the own one.
 *
 * For images, let the places be rows and join the columns to the batch, as the paper does.
 *
 * @param context `[batch, places, contextDim]`
 * @param encodings `[batch, places, dim]`
 * @param maps one matrix `[contextDim, dim]` per step, learnt; the first one predicts the next place
 * @returns scalar in nats, or `[steps]` with reduction `none`
 * @throws ShapeError when the shapes do not match, there is no map, or a step has nothing to be told from;
 *   InvalidOptionError for options
 * Source: van den Oord et al. 2018, arXiv 1807.03748, equation 4.
 */
export function cpcInfoNCE<R extends Reduction = 'mean'>(
  context: tf.Tensor3D,
  encodings: tf.Tensor3D,
  maps: readonly tf.Tensor2D[],
  options: CpcInfoNCEOptions<R> = {},
): Reduced<R> {
  const { negatives, temperature, reduction } = {
    ...cpcInfoNCEDefaults,
    ...checkOptions('cpcInfoNCE', options, cpcInfoNCEOptionNames),
  };
  checkPositive('cpcInfoNCE', { temperature });
  checkChoice('cpcInfoNCE', 'negatives', negatives, ['samples', 'places', 'all']);
  checkTensor('cpcInfoNCE', 'context', context, ['batch', 'places', 'contextDim']);
  const [batch, places, contextDim] = context.shape;
  checkTensor('cpcInfoNCE', 'encodings', encodings, [batch, places, 'dim']);
  const dim = encodings.shape[2];
  if (!Array.isArray(maps))
    throw new ShapeError('cpcInfoNCE', 'maps', 'an array of matrices, one for each step', describeValue(maps));
  if (maps.length === 0) throw new ShapeError('cpcInfoNCE', 'maps', 'one or more matrices', '0');
  maps.forEach((map, index) => checkTensor('cpcInfoNCE', `maps[${index}]`, map, [contextDim, dim]));
  const left = places - maps.length;
  const choices = { samples: batch, places: left, all: batch * left }[negatives];
  if (left < 1 || choices < 2)
    throw new ShapeError(
      'cpcInfoNCE',
      'context',
      `two or more ${negatives === 'all' ? 'encodings' : negatives} left at step ${maps.length}`,
      `[${context.shape.join(', ')}]`,
    );

  const losses = maps.map((map, index) => {
    const step = index + 1;
    const count = places - step;
    const size: [number, number, number] = [batch, count, dim];
    const sources = tf.reshape(tf.slice(context, [0, 0, 0], [batch, count, contextDim]), [batch * count, contextDim]);
    const predictions = tf.mul(tf.matMul(sources as tf.Tensor2D, map), 1 / temperature) as tf.Tensor2D;
    const targets = tf.slice(encodings, [0, step, 0], size);
    const own = tf.mean(tf.sum(tf.mul(tf.reshape(predictions, size), targets), 2));
    return tf.sub(tf.mean(logSumExps(tf.reshape(predictions, size), targets, negatives)), own);
  });
  return reduce('cpcInfoNCE', tf.stack(losses) as tf.Tensor1D, reduction as R);
}

/** The logarithm of the sum over what each prediction may choose from, in any order. */
function logSumExps(
  predictions: tf.Tensor3D,
  targets: tf.Tensor3D,
  negatives: 'samples' | 'places' | 'all',
): tf.Tensor1D {
  const [batch, count, dim] = predictions.shape;
  if (negatives === 'all') {
    const flat = (x: tf.Tensor3D): tf.Tensor2D => tf.reshape(x, [batch * count, dim]);
    return productLogSumExp('cpcInfoNCE', flat(predictions), flat(targets), undefined);
  }
  const grouped = (x: tf.Tensor3D): tf.Tensor3D => (negatives === 'samples' ? tf.transpose(x, [1, 0, 2]) : x);
  const products = tf.matMul(grouped(predictions), grouped(targets), false, true);
  return logSumExpRows(tf.reshape(products, [batch * count, products.shape[2]!]));
}
