import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { infoNCE, type InfoNCEOptions } from '../contrastive/info-nce.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link simcseUnsupervised}. */
export type SimcseUnsupervisedOptions<R extends Reduction = Reduction> = Omit<InfoNCEOptions<R>, 'normalize'>;

const simcseUnsupervisedOptionNames: OptionNames<SimcseUnsupervisedOptions> = {
  temperature: 'optionalNumber',
  reduction: 'optional',
  blockRows: 'optionalNumber',
};

/** Defaults of {@link simcseUnsupervised}: the authors' code of arXiv 2104.08821. */
export const simcseUnsupervisedDefaults = { temperature: 0.05, reduction: 'mean' } as const;

/**
 * Contrastive loss of sentences against themselves under another dropout mask:
 * `loss_i = logSumExp_j s(h_i, h'_j) - s(h_i, h'_i)` with `s` the cosine by the temperature. {@link infoNCE} in the batch.
 *
 * @param first `[batch, dim]`
 * @param second `[batch, dim]`, the same sentences passed again
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match, or for a single sentence; InvalidOptionError for options
 * Source: Gao et al. 2021, arXiv 2104.08821.
 */
export function simcseUnsupervised<R extends Reduction = 'mean'>(
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  options: SimcseUnsupervisedOptions<R> = {},
): Reduced<R> {
  return infoNCE<R>(first, second, undefined, {
    ...simcseUnsupervisedDefaults,
    ...checkOptions('simcseUnsupervised', options, simcseUnsupervisedOptionNames),
  } as InfoNCEOptions<R>);
}
