import { type Directions, featureStd, visReg } from '@selfsup/ssl-losses';
import { drawKey, parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount, checkShare } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { ProjectionHead } from '../../heads/projection-head.js';
import { statisticsOf } from '../../images/check-image-statistics.js';
import {
  jointEmbedding,
  type JointEmbeddingOptions,
  jointEmbeddingOptionNames,
  projectCrops,
} from '../joint-embedding/joint-embedding.js';
import type { MultiViewBatch } from '../simclr/simclr.js';

/** Options of {@link VisReg}. */
export interface VisRegOptions extends JointEmbeddingOptions {
  /** Weight of the regulariser in [0, 1]; the distance of the views has the rest. Default 0.9. */
  readonly lambda?: number;
  /** Random directions that are drawn at each step. Default 4096. */
  readonly directions?: number;
}

const visRegOptionNames: OptionNames<VisRegOptions> = {
  ...jointEmbeddingOptionNames,
  lambda: 'optionalNumber',
  directions: 'optionalNumber',
};

/**
 * Defaults of {@link VisReg}: Wu et al. 2026 (arXiv 2606.02572), lightly's `VISRegLoss`, with the head of `LeJepa`.
 */
export const visRegDefaults = { depth: 3, hiddenDim: 2048, outDim: 64, lambda: 0.9, directions: 4096 } as const;

/** {@link VisReg} for small data sets: the paper's lambda for them; the narrower head is chosen, not cited. */
export const visRegSmall = { hiddenDim: 512, outDim: 32, lambda: 0.6, directions: 256 } as const;

/**
 * VISReg: all views of an image near the centre of its global ones; each feature with mean 0 and deviation 1 over the batch;
 * and along random directions, the distribution of a Gaussian. No twin, no predictor, no stopped gradient but that of the
 * deviation. `loss = (1 - lambda) prediction + lambda (scale + shape + center)`.
 *
 * Views as of DINO and SwAV: two global ones of one size, then one or more local ones. Trains backbone and head; keep
 * `modules.backbone`.
 *
 * Batch statistics: a pass of the encoder for each run of views of one size, of the head for all views together.
 *
 * With 16 images a batch and a narrow head the loss rose while it trained, with 64 it fell (others were not tried): quantiles
 * of few rows spread less than a Gaussian's, which may pull features together against `scale`.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed. Metrics `prediction`, `scale`,
 * `shape`, `center`: the terms of the loss, unweighted.
 *
 * Source: Wu et al. 2026 (arXiv 2606.02572), algorithm 1; lightly's `VISRegLoss`.
 */
export class VisReg implements Method<MultiViewBatch> {
  readonly name = 'visreg';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly #options: Required<VisRegOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: VisRegOptions) {
    const where = 'VisReg';
    const all = { ...visRegDefaults, ...checkOptions(where, options, visRegOptionNames) };
    const { lambda, directions, normalize } = all;
    checkShare(where, { lambda });
    checkCount(where, { directions });
    this.modules = jointEmbedding(where, all, 'none');
    this.settings = { lambda, directions, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError for views that are not two of one size and then one or more others; InvalidOptionError where `ctx` has no key */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    return this.lossOf(batch, drawKey(ctx, 'VisReg.loss'), ctx);
  }

  /**
   * Loss along given directions.
   *
   * @param directions unit directions, `[outDim, count]`; or a key, int32 `[2]`
   */
  lossOf(batch: Tensors<MultiViewBatch>, directions: Directions, ctx: ForwardContext): MethodLoss {
    const { normalize, lambda, directions: count } = this.#options;
    const { globals, locals, all } = projectCrops('VisReg', this.modules, batch, normalize, ctx);
    const { total, ...terms } = visReg(globals, locals, directions, { lambda, numSlices: count });
    return { loss: total, metrics: { featureStd: featureStd(all), ...terms } };
  }
}
