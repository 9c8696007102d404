import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';

/** Options of {@link skipGramNegativeSampling}. */
export interface SkipGramNegativeSamplingOptions<R extends Reduction = Reduction> {
  readonly reduction?: R;
}

const skipGramNegativeSamplingOptionNames: OptionNames<SkipGramNegativeSamplingOptions> = {
  reduction: 'optional',
};

/** Defaults of {@link skipGramNegativeSampling}. arXiv 1310.4546 draws 5 to 20 negatives, on large data 2 to 5. */
export const skipGramNegativeSamplingDefaults = { reduction: 'mean' } as const;

/**
 * Word2Vec's skip-gram with negative sampling: the word of the context is told from words drawn at random,
 * `loss_i = -log sigmoid(v_i . u_i) - sum_k log sigmoid(-v_i . n_ik)`.
 *
 * The vectors are rows of two tables (`takeRows` of @selfsup/ssl-tensor); the drawing is the caller's.
 *
 * @param centers vectors of the words in the middle, `[batch, dim]`
 * @param contexts output vectors of words near them, `[batch, dim]`
 * @param negatives output vectors of words drawn for each, `[batch, k, dim]`
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Mikolov et al. 2013, arXiv 1310.4546, equation 4.
 */
export function skipGramNegativeSampling<R extends Reduction = 'mean'>(
  centers: tf.Tensor2D,
  contexts: tf.Tensor2D,
  negatives: tf.Tensor3D,
  options: SkipGramNegativeSamplingOptions<R> = {},
): Reduced<R> {
  const { reduction } = {
    ...skipGramNegativeSamplingDefaults,
    ...checkOptions('skipGramNegativeSampling', options, skipGramNegativeSamplingOptionNames),
  };
  checkTensor('skipGramNegativeSampling', 'centers', centers, ['batch', 'dim']);
  checkTensor('skipGramNegativeSampling', 'contexts', contexts, centers.shape);
  const losses = sampledLosses('skipGramNegativeSampling', centers, contexts, negatives);
  return reduce('skipGramNegativeSampling', losses, reduction as R);
}

/** `softplus(-v . u) + sum_k softplus(v . n_k)` by row, `[batch]`. */
export function sampledLosses(
  where: string,
  inputs: tf.Tensor2D,
  outputs: tf.Tensor2D,
  negatives: tf.Tensor3D,
): tf.Tensor1D {
  const [batch, dim] = inputs.shape;
  checkTensor(where, 'negatives', negatives, [batch, 'k', dim]);
  const accepted = tf.softplus(tf.neg(tf.sum(tf.mul(inputs, outputs), 1)));
  const scores = tf.matMul(negatives, tf.reshape(inputs, [batch, dim, 1]));
  return tf.add(accepted, tf.sum(tf.softplus(scores), [1, 2]));
}
