import * as tf from '@tensorflow/tfjs-core';
import { featureStd, vicreg } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkNonNegative } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { twoViewsOf } from '../../batches/two-views-of.js';
import type { ProjectionHead } from '../../heads/projection-head.js';
import { statisticsOf } from '../../images/check-image-statistics.js';
import {
  jointEmbedding,
  type JointEmbeddingOptions,
  jointEmbeddingOptionNames,
  projectViews,
} from '../joint-embedding/joint-embedding.js';
import type { MultiViewBatch } from '../simclr/simclr.js';

/** Options of {@link Vicreg}. */
export interface VicregOptions extends JointEmbeddingOptions {
  /** Weight of the distance between the views. Default 25. */
  readonly lambda?: number;
  /** Weight of the hinge that keeps deviations at 1 or above. Default 25. */
  readonly mu?: number;
  /** Weight of the covariances of different features. Default 1. */
  readonly nu?: number;
}

const vicregOptionNames: OptionNames<VicregOptions> = {
  ...jointEmbeddingOptionNames,
  lambda: 'optionalNumber',
  mu: 'optionalNumber',
  nu: 'optionalNumber',
};

/**
 * Defaults of {@link Vicreg}: Bardes et al. 2022 (arXiv 2105.04906), section 4.2 and appendix C. There with LARS, decay 1e-6
 * but on biases and norms, rate 0.2 for each 256 images of a batch of 2048; 10 epochs of warm-up, then a cosine to 0.002;
 * 1000 epochs.
 */
export const vicregDefaults = { depth: 3, hiddenDim: 8192, outDim: 8192, lambda: 25, mu: 25, nu: 1 } as const;

/** {@link Vicreg} for small pictures and encoders: an expander 2048 wide, as solo-learn's on CIFAR. */
export const vicregSmall = { hiddenDim: 2048, outDim: 2048 } as const;

/**
 * VICReg: projections of two views are near each other, each feature deviates over the batch, and features do not go
 * together; no negatives, no twin, no predictor.
 * `loss = lambda s(a, b) + mu (v(a) + v(b)) / 2 + nu (c(a) + c(b))`. Trains backbone and head (the expander); keep
 * `modules.backbone`.
 *
 * Batch statistics: a training pass for each view, first then second.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Bardes et al. 2022 (arXiv 2105.04906), algorithm 1; lightly's `VICRegLoss` and `VICRegProjectionHead`. The mean
 * of both hinges is the published code's; its last layer has no bias, which only the distance between views would see, and
 * there it is the same for both.
 */
export class Vicreg implements Method<MultiViewBatch> {
  readonly name = 'vicreg';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly #options: Required<VicregOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: VicregOptions) {
    const where = 'Vicreg';
    const all = { ...vicregDefaults, ...checkOptions(where, options, vicregOptionNames) };
    const { lambda, mu, nu, normalize } = all;
    checkNonNegative(where, { lambda, mu, nu });
    this.modules = jointEmbedding(where, all, 'none');
    this.settings = { lambda, mu, nu, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError unless there are two views of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { normalize, lambda, mu, nu } = this.#options;
    const z = projectViews(this.modules, twoViewsOf('Vicreg', batch), normalize, ctx);
    return {
      loss: vicreg(z[0]!, z[1]!, { lambda, mu, nu }),
      metrics: { featureStd: featureStd(tf.concat(z)) },
    };
  }
}
