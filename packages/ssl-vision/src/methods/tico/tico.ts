import type * as tf from '@tensorflow/tfjs-core';
import { featureStd, tico, TiCoState } from '@selfsup/ssl-losses';
import { childContext, parametersOf, twinOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkNonNegative, checkShare, stopGradient } from '@selfsup/ssl-tensor';
import type { EmaPair, Method, MethodLoss, RunConfig, RunShape, Tensors } from '@selfsup/ssl-train';
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
import { momentumPairs, risingMomentum } from '../joint-embedding/momentum-pairs.js';

/** Options of {@link TiCo}. */
export interface TiCoOptions extends JointEmbeddingOptions {
  /** Share of the old covariance that stays at an update, in [0, 1]. Default 0.9. */
  readonly beta?: number;
  /** Weight of the contrast against the covariance. Default 8. */
  readonly rho?: number;
  /** Of the twin at the start, in [0, 1]; rises to 1 over the run by half a cosine. Default 0.996. */
  readonly momentum?: number;
}

const tiCoOptionNames: OptionNames<TiCoOptions> = {
  ...jointEmbeddingOptionNames,
  beta: 'optionalNumber',
  rho: 'optionalNumber',
  momentum: 'optionalNumber',
};

/**
 * Defaults of {@link TiCo}: Zhu et al. 2022 (arXiv 2206.10698), the head of section 4; the other numbers are those of
 * lightly's `TiCoLoss` and of its example.
 */
export const tiCoDefaults = { depth: 2, hiddenDim: 4096, outDim: 256, beta: 0.9, rho: 8, momentum: 0.996 } as const;

/** {@link TiCo} for small pictures and encoders: the narrower head of lightly's example, and a twin that moves (chosen, not cited). */
export const tiCoSmall = { hiddenDim: 1024, momentum: 0.99 } as const;

/**
 * TiCo: the first view's projection is near what a twin by momentum makes of the second, and away from the directions of a
 * moving covariance, which stands for many negatives. Trains backbone and head; keep `modules.backbone`.
 *
 * The covariance of a batch's loss is the old one moved by that batch; it is kept once an update, moved by the rows of all
 * of its batches.
 *
 * Batch statistics: a training pass of the online network for the first view, and of the twin, which keeps running
 * statistics of its own, for the second.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Zhu et al. 2022 (arXiv 2206.10698), algorithm 1; lightly's `TiCoLoss`.
 */
export class TiCo implements Method<MultiViewBatch> {
  readonly name = 'tico';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: Encoder;
    readonly head: ProjectionHead;
    readonly momentumBackbone: Encoder;
    readonly momentumHead: ProjectionHead;
  };
  readonly state: { readonly moments: TiCoState };
  readonly #options: Required<TiCoOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: TiCoOptions) {
    const where = 'TiCo';
    const all = { ...tiCoDefaults, ...checkOptions(where, options, tiCoOptionNames) };
    const { beta, rho, momentum, outDim, normalize } = all;
    checkShare(where, { beta, momentum });
    checkNonNegative(where, { rho });
    const { backbone, head } = jointEmbedding(where, all, 'none');
    this.modules = { backbone, head, momentumBackbone: twinOf(backbone), momentumHead: twinOf(head) };
    this.state = { moments: new TiCoState(outDim) };
    this.settings = { beta, rho, momentum, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    const { backbone, head } = this.modules;
    return parametersOf({ backbone, head });
  }

  emaPairs(run: RunShape): EmaPair[] {
    return momentumPairs(this.modules, risingMomentum(this.#options.momentum, run));
  }

  /** @throws ShapeError unless there are two views of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { momentumBackbone, momentumHead, ...online } = this.modules;
    const { normalize, beta, rho } = this.#options;
    const [first, second] = twoViewsOf('TiCo', batch);
    const [z] = projectViews(online, [first], normalize, ctx);
    const twin = { backbone: momentumBackbone, head: momentumHead };
    const [target] = projectViews(twin, [second], normalize, childContext(ctx, 'momentum'));
    return {
      loss: tico(z!, stopGradient(target!), this.state.moments, { beta, rho, updateCovariance: false }),
      metrics: { featureStd: featureStd(z!) },
      carried: { z: z! },
    };
  }

  afterUpdate(_ctx: ForwardContext, carried: Readonly<Record<string, tf.Tensor>>): void {
    this.state.moments.update(carried['z'] as tf.Tensor2D, this.#options.beta);
  }
}
