import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkMask } from '../numerics/check-mask.js';
import { checkTensor } from '../numerics/check.js';
import { unlessNothing } from '../numerics/reduce-weighted.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { sampledLosses } from './skip-gram-negative-sampling.js';

/** Options of {@link cbow}. */
export interface CbowOptions<R extends Reduction = Reduction> {
  /** How the words of a window become one vector. */
  readonly combine?: 'mean' | 'sum';
  /** Words that count: float32, int32 or bool `[batch, window]`, 1 = counts, 0 = beyond the sentence. Default all 1. */
  readonly mask?: tf.Tensor2D;
  readonly reduction?: R;
}

const cbowOptionNames: OptionNames<CbowOptions> = {
  combine: 'optional',
  mask: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link cbow}, of arXiv 1301.3781: the mean, as the authors' word2vec.c. */
export const cbowDefaults = { combine: 'mean', reduction: 'mean' } as const;

/**
 * Word2Vec's continuous bag of words with negative sampling: the word in the middle of a window is told from words drawn
 * at random, `loss_i = -log sigmoid(h_i . u_i) - sum_k log sigmoid(-h_i . n_ik)` with `h_i` the mean of the window.
 *
 * @param window vectors of the words around, `[batch, window, dim]`
 * @param targets output vectors of the words in the middle, `[batch, dim]`
 * @param negatives output vectors of words drawn for each, `[batch, k, dim]`
 * @returns scalar in nats, or `[batch]` with reduction `none`; NaN where no window of the batch has a word
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Mikolov et al. 2013, arXiv 1301.3781, section 3.1, with equation 4 of arXiv 1310.4546. Deviates from
 * word2vec.c in the gradient of the mean, which there is that of the sum.
 */
export function cbow<R extends Reduction = 'mean'>(
  window: tf.Tensor3D,
  targets: tf.Tensor2D,
  negatives: tf.Tensor3D,
  options: CbowOptions<R> = {},
): Reduced<R> {
  const { combine, mask, reduction } = { ...cbowDefaults, ...checkOptions('cbow', options, cbowOptionNames) };
  checkChoice('cbow', 'combine', combine, ['mean', 'sum']);
  checkTensor('cbow', 'window', window, ['batch', 'window', 'dim']);
  const [batch, width, dim] = window.shape;
  checkTensor('cbow', 'targets', targets, [batch, dim]);
  const counts = mask === undefined ? tf.ones([batch, width]) : checkMask('cbow', 'mask', mask, [batch, width]);
  const total = tf.sum(tf.mul(window, tf.reshape(counts, [batch, width, 1])), 1);
  const number = tf.maximum(tf.sum(counts, 1, true), 1);
  const hidden = combine === 'sum' ? total : tf.div(total, number);
  const losses = sampledLosses('cbow', hidden as tf.Tensor2D, targets, negatives);
  return reduce('cbow', mask === undefined ? losses : unlessNothing(losses, tf.sum(counts)), reduction as R);
}
