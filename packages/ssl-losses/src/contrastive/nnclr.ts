import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensorLists } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { infoNCE } from './info-nce.js';
import { nearestNeighbors } from './nearest-neighbors.js';
import { ntXent } from './nt-xent.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link nnclr}. */
export interface NnclrOptions<R extends Reduction = Reduction> {
  /** Divisor of the similarities, positive. */
  readonly temperature?: number;
  /**
   * What each neighbour is told from: `predictions` of the other images, as in the paper; or `all`, which adds the
   * neighbours of the other images and predicts both ways, as `NTXentLoss` does in lightly's example.
   */
  readonly negatives?: 'predictions' | 'all';
  readonly reduction?: R;
}

const nnclrOptionNames: OptionNames<NnclrOptions> = {
  temperature: 'optionalNumber',
  negatives: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link nnclr}: arXiv 2104.14548, implementation details. */
export const nnclrDefaults = { temperature: 0.1, negatives: 'predictions', reduction: 'mean' } as const;

/**
 * Contrastive loss whose positives are nearest neighbours: the neighbour of one view in a support set of earlier features
 * is predicted from the other view, the mean of both directions:
 * `loss_i = -log(exp(NN(z_i) . p_i / temperature) / sum_k exp(NN(z_i) . p_k / temperature))`.
 *
 * Put one view's features into the queue afterwards: `queue.enqueue(l2Normalize(z[0]))`.
 *
 * @param z projections of two views, each `[batch, dim]`; no gradient flows into them
 * @param p predictions of the same views, each `[batch, dim]`
 * @param support `[size, dim]`, such as {@link FeatureQueue.features}
 * @returns scalar in nats; with reduction `none`, `[batch]`, or `[2 * batch]` with `all`
 * @throws ShapeError when the shapes do not match, or for a single image; InvalidOptionError for options
 * Source: Dwibedi et al. 2021, arXiv 2104.14548; with `all` equal to lightly's example.
 */
export function nnclr<R extends Reduction = 'mean'>(
  z: readonly [tf.Tensor2D, tf.Tensor2D],
  p: readonly [tf.Tensor2D, tf.Tensor2D],
  support: tf.Tensor2D,
  options: NnclrOptions<R> = {},
): Reduced<R> {
  const { temperature, negatives, reduction } = {
    ...nnclrDefaults,
    ...checkOptions('nnclr', options, nnclrOptionNames),
  };
  checkTensorLists('nnclr', { z, p });
  checkChoice('nnclr', 'negatives', negatives, ['predictions', 'all']);
  checkTensor('nnclr', 'z[0]', z[0], ['batch', 'dim']);
  checkTensor('nnclr', 'z[1]', z[1], z[0].shape);
  p.forEach((prediction, index) => checkTensor('nnclr', `p[${index}]`, prediction, z[0].shape));
  const direction = (features: tf.Tensor2D, prediction: tf.Tensor2D): Reduced<R> => {
    const neighbors = nearestNeighbors(features, support);
    const own = { temperature, reduction: reduction as R };
    return negatives === 'all' ? ntXent([neighbors, prediction], own) : infoNCE(neighbors, prediction, undefined, own);
  };
  return tf.mul(tf.add(direction(z[0], p[1]), direction(z[1], p[0])), 0.5) as Reduced<R>;
}
