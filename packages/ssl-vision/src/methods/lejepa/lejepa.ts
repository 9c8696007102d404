import { type Directions, featureStd, leJEPA, sigRegDefaults } from '@selfsup/ssl-losses';
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

/** Options of {@link LeJepa}. */
export interface LeJepaOptions extends JointEmbeddingOptions {
  /** Weight of the regulariser in [0, 1]; the distance of the views has the rest. Default 0.05. */
  readonly lambda?: number;
  /** Random directions that are drawn at each step. Default 1024. */
  readonly directions?: number;
}

const leJepaOptionNames: OptionNames<LeJepaOptions> = {
  ...jointEmbeddingOptionNames,
  lambda: 'optionalNumber',
  directions: 'optionalNumber',
};

/**
 * Defaults of {@link LeJepa}: Balestriero and LeCun 2025 (arXiv 2511.08544) and lightly's `LeJEPAProjectionHead` and
 * `LeJEPALoss`; lambda 0.05 (the paper tries 0.01 to 0.1). There with AdamW, decay 0.05.
 */
export const leJepaDefaults = { depth: 3, hiddenDim: 2048, outDim: 64, lambda: 0.05, directions: 1024 } as const;

/** {@link LeJepa} for small pictures and encoders: a narrower head; chosen, not cited. */
export const leJepaSmall = { hiddenDim: 512, outDim: 32, directions: 256 } as const;

/**
 * LeJEPA: all views of an image near the centre of its global ones, and projections that follow an isotropic Gaussian, told
 * along random directions (SIGReg); no twin, no predictor, no stopped gradient.
 * `loss = lambda sigReg(z) + (1 - lambda) mean |z_v - mean_g z_g|^2`.
 *
 * Views as of DINO and SwAV: two global ones of one size, then one or more local ones. Trains backbone and head; keep
 * `modules.backbone`.
 *
 * Batch statistics: a pass of the encoder for each run of views of one size, of the head for all views together.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Balestriero and LeCun 2025 (arXiv 2511.08544), algorithm 2; lightly's `LeJEPALoss`.
 */
export class LeJepa implements Method<MultiViewBatch> {
  readonly name = 'lejepa';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly #options: Required<LeJepaOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: LeJepaOptions) {
    const where = 'LeJepa';
    const all = { ...leJepaDefaults, ...checkOptions(where, options, leJepaOptionNames) };
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
    return this.lossOf(batch, drawKey(ctx, 'LeJepa.loss'), ctx);
  }

  /**
   * Loss along given directions.
   *
   * @param directions unit directions, `[outDim, count]`; or a key, int32 `[2]`
   */
  lossOf(batch: Tensors<MultiViewBatch>, directions: Directions, ctx: ForwardContext): MethodLoss {
    const { normalize, lambda, directions: count } = this.#options;
    const { globals, locals, all } = projectCrops('LeJepa', this.modules, batch, normalize, ctx);
    return {
      loss: leJEPA(globals, locals, directions, { lambda, sigReg: { ...sigRegDefaults, numVectors: count } }),
      metrics: { featureStd: featureStd(all) },
    };
  }
}
