import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { equalViewsOf } from '../../batches/equal-views-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, type ImageStatistics } from '../../images/check-image-statistics.js';
import { type MultiViewBatch, SimClr } from '../simclr/simclr.js';
import { HeadEncoder } from './head-encoder.js';

/** Options of {@link SimClrV2}. */
export interface SimClrV2Options {
  readonly backbone: Encoder;
  /** Source of the head's initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Linear layers of the head, 2 or more. Default 3. */
  readonly depth?: number;
  /** Width of the head's hidden layers, and of what is fine-tuned. Default: the features'. */
  readonly hiddenDim?: number;
  /** Width of the projections. Default 128. */
  readonly outDim?: number;
  /** Divisor of the similarities. Default 0.1. */
  readonly temperature?: number;
}

const simClrV2OptionNames: OptionNames<SimClrV2Options> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  depth: 'optionalNumber',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  temperature: 'optionalNumber',
};

/**
 * Defaults of {@link SimClrV2}: Chen et al. 2020 (arXiv 2006.10029), sections 2 and 3 and appendix A, of a ResNet-152 three
 * times as wide with selective kernels. There with LARS, momentum 0.9, decay 1e-4, rate `0.1 sqrt(batch)` by a cosine
 * after 5 % of 800 epochs of warm-up, batches of 4096.
 */
export const simClrV2Defaults = { depth: 3, outDim: 128, temperature: 0.1 } as const;

/**
 * {@link SimClrV2} for pictures of 28 to 64 pixels and batches of 64 to 512: the higher temperature that SimCLR takes on
 * CIFAR-10 (Chen et al. 2020, arXiv 2002.05709, appendix B.9), where a batch has few negatives.
 */
export const simClrV2Small = { temperature: 0.5 } as const;

/**
 * SimCLR v2: SimCLR with a deeper head, whose first layer is kept and fine-tuned with the encoder where there are few
 * labels: {@link SimClrV2.encoder}. Trains backbone and head. The loss, its batch statistics (over all views together) and
 * the metric `featureStd` are those of {@link SimClr}; without the paper's memory of earlier keys, which `Moco` is about.
 *
 * Every layer of the head has a batch norm, the last one too, as in the authors' code (there without an offset).
 *
 * Source: Chen et al. 2020 (arXiv 2006.10029), section 2; google-research/simclr.
 */
export class SimClrV2 implements Method<MultiViewBatch> {
  readonly name = 'simclr-v2';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly #contrast: SimClr;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: SimClrV2Options) {
    const where = 'SimClrV2';
    const all = { ...simClrV2Defaults, ...checkOptions(where, options, simClrV2OptionNames) };
    const { backbone, key, normalize, depth, outDim, temperature } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    const { hiddenDim = backbone.featureDim } = all;
    checkCount(where, { depth }, 2);
    const head = new ProjectionHead(backbone.featureDim, { depth, hiddenDim, outDim, key });
    this.#contrast = new SimClr({ backbone, head, normalize, temperature });
    this.modules = this.#contrast.modules;
    this.settings = { ...this.#contrast.settings, depth };
  }

  trainable(): Map<string, Parameter> {
    return this.#contrast.trainable();
  }

  /** The encoder with the head's first layer on it, of the same weights: what to keep, fine-tune and distil from. */
  encoder(): HeadEncoder {
    return new HeadEncoder(this.modules.backbone, this.modules.head);
  }

  /** @throws ShapeError unless there are two views or more, of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    equalViewsOf('SimClrV2', batch);
    return this.#contrast.loss(batch, ctx);
  }
}
