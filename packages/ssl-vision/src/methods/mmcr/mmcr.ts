import * as tf from '@tensorflow/tfjs-core';
import { featureStd, l2Normalize, mmcr } from '@selfsup/ssl-losses';
import { childContext, parametersOf, twinOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkNonNegative, checkShare, stopGradient } from '@selfsup/ssl-tensor';
import type { EmaPair, Method, MethodLoss, RunConfig, RunShape, Tensors } from '@selfsup/ssl-train';
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
import { momentumPairs, risingMomentum } from '../joint-embedding/momentum-pairs.js';

/** Options of {@link Mmcr}. */
export interface MmcrOptions extends JointEmbeddingOptions {
  /** Weight of the extent of each image's views. Default 0.005. */
  readonly lambda?: number;
  /** Of the twin at the start, in [0, 1]; rises to 1 over the run by half a cosine. Default 0.996. */
  readonly momentum?: number;
}

const mmcrOptionNames: OptionNames<MmcrOptions> = {
  ...jointEmbeddingOptionNames,
  lambda: 'optionalNumber',
  momentum: 'optionalNumber',
};

/**
 * Defaults of {@link Mmcr}: Yerxa et al. 2023 (arXiv 2303.03307), with lightly's `MMCRProjectionHead` and `MMCRLoss`; the
 * momentum is that of lightly's example.
 */
export const mmcrDefaults = { depth: 3, hiddenDim: 8192, outDim: 512, lambda: 0.005, momentum: 0.996 } as const;

/** {@link Mmcr} for small pictures and encoders: a head of two layers and 128 outputs, and a twin that moves (both chosen, not cited). */
export const mmcrSmall = { depth: 2, hiddenDim: 512, outDim: 128, momentum: 0.99 } as const;

/**
 * MMCR: the centres of images' views are to take all directions, told by the sum of their singular values, and the views of
 * an image few. Views are those of the network and of a twin by momentum, of length 1; two or more of one size. Trains
 * backbone and head; keep `modules.backbone`.
 *
 * The head's last layer has a bias, where the paper's code has none.
 *
 * Batch statistics: a training pass for each view in their order, likewise of the twin, which keeps running statistics of
 * its own.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Yerxa et al. 2023 (arXiv 2303.03307), equation 4 and section 3; lightly's `MMCRLoss`.
 */
export class Mmcr implements Method<MultiViewBatch> {
  readonly name = 'mmcr';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: Encoder;
    readonly head: ProjectionHead;
    readonly momentumBackbone: Encoder;
    readonly momentumHead: ProjectionHead;
  };
  readonly #options: Required<MmcrOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: MmcrOptions) {
    const where = 'Mmcr';
    const all = { ...mmcrDefaults, ...checkOptions(where, options, mmcrOptionNames) };
    const { lambda, momentum, normalize } = all;
    checkShare(where, { momentum });
    checkNonNegative(where, { lambda });
    const { backbone, head } = jointEmbedding(where, all, 'none');
    this.modules = { backbone, head, momentumBackbone: twinOf(backbone), momentumHead: twinOf(head) };
    this.settings = { lambda, momentum, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    const { backbone, head } = this.modules;
    return parametersOf({ backbone, head });
  }

  emaPairs(run: RunShape): EmaPair[] {
    return momentumPairs(this.modules, risingMomentum(this.#options.momentum, run));
  }

  /** @throws ShapeError unless there are two or more views of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { momentumBackbone, momentumHead, ...online } = this.modules;
    const { normalize, lambda } = this.#options;
    const views = equalViewsOf('Mmcr', batch);
    const z = projectViews(online, views, normalize, ctx);
    const twin = { backbone: momentumBackbone, head: momentumHead };
    const targets = projectViews(twin, views, normalize, childContext(ctx, 'momentum'));
    // Views of an image below each other.
    const byImage = (all: readonly tf.Tensor2D[]): tf.Tensor3D =>
      tf.stack(
        all.map((one) => l2Normalize(one)),
        1,
      ) as tf.Tensor3D;
    return {
      loss: mmcr(byImage(z), stopGradient(byImage(targets)), { lambda }),
      metrics: { featureStd: featureStd(tf.concat(z)) },
    };
  }
}
