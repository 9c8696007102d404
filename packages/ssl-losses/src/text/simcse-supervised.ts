import * as tf from '@tensorflow/tfjs-core';
import { checkNumber, checkOptions, checkPositive, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { simcseUnsupervisedDefaults } from './simcse-unsupervised.js';

/** Options of {@link simcseSupervised}. */
export interface SimcseSupervisedOptions<R extends Reduction = Reduction> {
  /** Divisor of the cosines, positive. */
  readonly temperature?: number;
  /** Added to the score of each sentence against its own hard negative: the logarithm of how often it counts. */
  readonly hardNegativeWeight?: number;
  readonly reduction?: R;
}

const simcseSupervisedOptionNames: OptionNames<SimcseSupervisedOptions> = {
  temperature: 'optionalNumber',
  hardNegativeWeight: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link simcseSupervised}: the authors' code of arXiv 2104.08821. */
export const simcseSupervisedDefaults = { ...simcseUnsupervisedDefaults, hardNegativeWeight: 0 } as const;

/**
 * Contrastive loss of sentences against what follows from them, with contradictions as hard negatives:
 * `loss_i = logSumExp_j(s(h_i, p_j), s(h_i, n_j) + w [i = j]) - s(h_i, p_i)` with `s` the cosine by the temperature.
 *
 * @param sentences `[batch, dim]`
 * @param positives `[batch, dim]`, row `i` follows from sentence `i`
 * @param hardNegatives `[batch, dim]`, row `i` contradicts sentence `i`
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Gao et al. 2021, arXiv 2104.08821; the weight is `hard_negative_weight` in simcse/models.py of
 * princeton-nlp/SimCSE.
 */
export function simcseSupervised<R extends Reduction = 'mean'>(
  sentences: tf.Tensor2D,
  positives: tf.Tensor2D,
  hardNegatives: tf.Tensor2D,
  options: SimcseSupervisedOptions<R> = {},
): Reduced<R> {
  const { temperature, hardNegativeWeight, reduction } = {
    ...simcseSupervisedDefaults,
    ...checkOptions('simcseSupervised', options, simcseSupervisedOptionNames),
  };
  checkPositive('simcseSupervised', { temperature });
  checkNumber('simcseSupervised', 'hardNegativeWeight', hardNegativeWeight);
  checkTensor('simcseSupervised', 'sentences', sentences, ['batch', 'dim']);
  checkTensor('simcseSupervised', 'positives', positives, sentences.shape);
  checkTensor('simcseSupervised', 'hardNegatives', hardNegatives, sentences.shape);
  const batch = sentences.shape[0];
  const anchors = tf.mul(l2Normalize(sentences), 1 / temperature) as tf.Tensor2D;
  const matches = l2Normalize(positives);
  const scores = tf.matMul(anchors, l2Normalize(hardNegatives), false, true);
  const weighted = hardNegativeWeight === 0 ? scores : tf.add(scores, tf.mul(tf.eye(batch), hardNegativeWeight));
  const all = tf.concat([tf.matMul(anchors, matches, false, true), weighted as tf.Tensor2D], 1);
  const losses = tf.sub(logSumExpRows(all as tf.Tensor2D), tf.sum(tf.mul(anchors, matches), 1));
  return reduce('simcseSupervised', losses as tf.Tensor1D, reduction as R);
}
