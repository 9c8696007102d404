import * as tf from '@tensorflow/tfjs-core';
import { featureStd, frossl } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkNonNegative } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { equalViewsOf } from '../../batches/equal-views-of.js';
import type { ProjectionHead } from '../../heads/projection-head.js';
import { statisticsOf } from '../../images/check-image-statistics.js';
import {
  jointEmbedding,
  type JointEmbeddingOptions,
  jointEmbeddingOptionNames,
  projectViews,
} from '../joint-embedding/joint-embedding.js';
import type { MultiViewBatch } from '../simclr/simclr.js';

/** Options of {@link Frossl}. */
export interface FrosslOptions extends JointEmbeddingOptions {
  /** Weight of the distance of the views from their mean. Default 1. */
  readonly invarianceWeight?: number;
}

const frosslOptionNames: OptionNames<FrosslOptions> = {
  ...jointEmbeddingOptionNames,
  invarianceWeight: 'optionalNumber',
};

/**
 * Defaults of {@link Frossl}: Skean et al. 2024 (arXiv 2310.02903); loss as lightly's `FroSSLLoss`. The head is three layers
 * for small pictures; chosen, not cited.
 */
export const frosslDefaults = { depth: 3, hiddenDim: 2048, outDim: 1024, invarianceWeight: 1 } as const;

/** {@link Frossl} for small pictures and encoders: a narrower head; chosen, not cited. */
export const frosslSmall = { depth: 2, hiddenDim: 512, outDim: 128 } as const;

/**
 * FroSSL: each view's covariance is to be spread over all directions, told by its Frobenius norm, and all views are to lie
 * near their mean. Two or more views of one size. Trains backbone and head; keep `modules.backbone`.
 *
 * Batch statistics: a training pass for each view in their order.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Skean et al. 2024 (arXiv 2310.02903), algorithm 1; lightly's `FroSSLLoss`.
 */
export class Frossl implements Method<MultiViewBatch> {
  readonly name = 'frossl';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly #options: Required<FrosslOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: FrosslOptions) {
    const where = 'Frossl';
    const all = { ...frosslDefaults, ...checkOptions(where, options, frosslOptionNames) };
    const { invarianceWeight, normalize } = all;
    checkNonNegative(where, { invarianceWeight });
    this.modules = jointEmbedding(where, all, 'none');
    this.settings = { invarianceWeight, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError unless there are two or more views of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { normalize, invarianceWeight } = this.#options;
    const z = projectViews(this.modules, equalViewsOf('Frossl', batch), normalize, ctx);
    return { loss: frossl(z, { invarianceWeight }), metrics: { featureStd: featureStd(tf.concat(z)) } };
  }
}
