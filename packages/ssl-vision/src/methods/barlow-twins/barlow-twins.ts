import * as tf from '@tensorflow/tfjs-core';
import { barlowTwins, featureStd } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkNonNegative, checkPositive } from '@selfsup/ssl-tensor';
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

/** Options of {@link BarlowTwins}. */
export interface BarlowTwinsOptions extends JointEmbeddingOptions {
  /** Weight of the correlation of different features. Default 0.0051. */
  readonly lambda?: number;
  /** Factor of the whole loss. Default 1. */
  readonly scale?: number;
}

const barlowTwinsOptionNames: OptionNames<BarlowTwinsOptions> = {
  ...jointEmbeddingOptionNames,
  lambda: 'optionalNumber',
  scale: 'optionalNumber',
};

/**
 * Defaults of {@link BarlowTwins}: Zbontar et al. 2021 (arXiv 2103.03230), section 2.2, and the published code's lambda.
 * There with LARS, decay 1.5e-6 and rate 0.2 on weights, 0.0048 on biases and norms, which have neither decay nor trust
 * ratio, for each 256 images of a batch of 2048; 10 epochs of warm-up, then a cosine to a thousandth; 1000 epochs. The
 * code then scales the loss by 0.024.
 */
export const barlowTwinsDefaults = {
  depth: 3,
  hiddenDim: 8192,
  outDim: 8192,
  lambda: 0.0051,
  scale: 1,
} as const;

/**
 * {@link BarlowTwins} for small pictures and encoders: two layers, 2048 wide, as in lightly's CIFAR-10 benchmark. The loss
 * is scaled by 0.1, as solo-learn does on CIFAR: summed over features, it is large beside a decay.
 */
export const barlowTwinsSmall = { depth: 2, hiddenDim: 2048, outDim: 2048, scale: 0.1 } as const;

/**
 * Barlow Twins: the cross-correlation of two views' projections is to be the identity; no negatives, no twin, no predictor.
 * `loss = scale (sum_i (1 - c_ii)^2 + lambda sum_{i != j} c_ij^2)`. Trains backbone and head; keep `modules.backbone`.
 *
 * Batch statistics: a training pass for each view, first then second. Correlations are of the batch: small batches make
 * them noisy (the paper works from 256).
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Zbontar et al. 2021 (arXiv 2103.03230), algorithm 1; lightly's `BarlowTwinsLoss` and `BarlowTwinsProjectionHead`,
 * whose last layer has a bias, which the loss takes off again.
 */
export class BarlowTwins implements Method<MultiViewBatch> {
  readonly name = 'barlow-twins';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly #options: Required<BarlowTwinsOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: BarlowTwinsOptions) {
    const where = 'BarlowTwins';
    const all = { ...barlowTwinsDefaults, ...checkOptions(where, options, barlowTwinsOptionNames) };
    const { lambda, scale, normalize } = all;
    checkNonNegative(where, { lambda });
    checkPositive(where, { scale });
    this.modules = jointEmbedding(where, all, 'none');
    this.settings = { lambda, scale, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError unless there are two views of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { normalize, lambda, scale } = this.#options;
    const z = projectViews(this.modules, twoViewsOf('BarlowTwins', batch), normalize, ctx);
    return {
      loss: tf.mul(barlowTwins(z[0]!, z[1]!, { lambda }), scale),
      metrics: { featureStd: featureStd(tf.concat(z)) },
    };
  }
}
