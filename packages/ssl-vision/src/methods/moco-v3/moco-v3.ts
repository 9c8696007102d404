import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from '@selfsup/ssl-core';
import { featureStd, infoNCE } from '@selfsup/ssl-losses';
import { childContext, parametersOf, twinOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount, checkPositive, foldIn, InvalidOptionError, stopGradient } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { EmaPair, Method, MethodLoss, RunConfig, RunShape, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { twoViewsOf } from '../../batches/two-views-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { PatchEmbed } from '../../encoders/vision-transformer/patch-embed.js';
import { PredictionHead } from '../../heads/prediction-head.js';
import { project } from '../../heads/project.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { momentumPairs, risingMomentum } from '../joint-embedding/momentum-pairs.js';

/** Options of {@link MocoV3}. */
export interface MocoV3Options {
  readonly backbone: Encoder;
  /** Source of the heads' initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Linear layers of the projection head: 3 for a vision transformer, 2 for a ResNet. Default 3. */
  readonly depth?: number;
  /** Width of the heads' hidden layers. Default 4096. */
  readonly hiddenDim?: number;
  /** Width of projections and predictions. Default 256. */
  readonly outDim?: number;
  /** Divisor of the similarities; 1 for a ResNet. Default 0.2. */
  readonly temperature?: number;
  /** Of the key encoder at the start, in [0, 1]; rises to 1 over the run by half a cosine. Default 0.99. */
  readonly momentum?: number;
  /** The projection of the patches stays as it was drawn. Default: where the backbone has one, as a `VisionTransformer`. */
  readonly freezePatches?: boolean;
}

const mocoV3OptionNames: OptionNames<MocoV3Options> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  depth: 'optionalNumber',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  temperature: 'optionalNumber',
  momentum: 'optionalNumber',
  freezePatches: 'optionalFlag',
};

/**
 * Defaults of {@link MocoV3}, for vision transformers: Chen et al. 2021 (arXiv 2104.02057), section 4 and the commands of
 * facebookresearch/moco-v3. There with AdamW, rate 1.5e-4 for each 256 images of a batch, decay 0.1, 40 epochs of warm-up,
 * batches of 4096, fixed positions (`positions: 'sinCos'`); ResNet-50 with LARS and `{ depth: 2, temperature: 1 }`.
 */
export const mocoV3Defaults = { depth: 3, hiddenDim: 4096, outDim: 256, temperature: 0.2, momentum: 0.99 } as const;

/** {@link MocoV3} for small pictures and encoders: narrower heads (ours), the rest as in the paper. */
export const mocoV3Small = { hiddenDim: 1024 } as const;

/**
 * MoCo v3: the prediction from each view finds, among the keys of the batch, the key of the other view, which an encoder
 * made that follows by momentum; no queue. `loss = 2 t (CE(q1, k2) + CE(q2, k1))` with
 * `CE(q, k)_i = -log(exp(q_i . k_i / t) / sum_j exp(q_i . k_j / t))`, all of length 1. Trains backbone, head and predictor;
 * keep `modules.backbone`.
 *
 * A random projection of the patches that is never trained keeps vision transformers stable (section 4.2).
 *
 * The last batch norms of the heads have no scale and offset. Batch statistics: a training pass of the online network for
 * each view, first then second, and likewise of the key encoder, which keeps running statistics of its own.
 *
 * The authors' code moves the key encoder before the forward pass, which makes the same keys as after the update.
 *
 * Metric `featureStd`: deviation of the predictions of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Chen et al. 2021 (arXiv 2104.02057), algorithm 1; moco/builder.py of facebookresearch/moco-v3, whose ResNet has
 * no batch norm at the end of the predictor.
 */
export class MocoV3 implements Method<MultiViewBatch> {
  readonly name = 'moco-v3';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: Encoder;
    readonly head: ProjectionHead;
    readonly predictor: PredictionHead;
    readonly momentumBackbone: Encoder;
    readonly momentumHead: ProjectionHead;
  };
  readonly #normalize: ImageStatistics;
  readonly #temperature: number;
  readonly #momentum: number;
  readonly #frozen: PatchEmbed | undefined;

  /** @throws InvalidOptionError for options out of range, for what is no encoder, and for one without patches to freeze */
  constructor(options: MocoV3Options) {
    const where = 'MocoV3';
    const all = { ...mocoV3Defaults, ...checkOptions(where, options, mocoV3OptionNames) };
    const { backbone, key, normalize, depth, hiddenDim, outDim, temperature, momentum } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    checkCount(where, { depth, hiddenDim, outDim });
    checkPositive(where, { temperature });
    checkNumber(where, 'momentum', momentum, 0, 1);
    const patches = patchesOf(backbone);
    const { freezePatches = patches !== undefined } = all;
    if (freezePatches && patches === undefined) {
      const expected = 'left out for a backbone without a PatchEmbed, such as a VisionTransformer has';
      throw new InvalidOptionError(where, 'freezePatches', expected, freezePatches);
    }
    const sizes = { hiddenDim, outDim, lastNorm: 'plain' } as const;
    const head = new ProjectionHead(backbone.featureDim, { ...sizes, depth, key: foldIn(key, 'head') });
    this.modules = {
      backbone,
      head,
      predictor: new PredictionHead(outDim, { ...sizes, key: foldIn(key, 'predictor') }),
      momentumBackbone: twinOf(backbone),
      momentumHead: twinOf(head),
    };
    this.settings = { temperature, momentum, freezePatches, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#temperature = temperature;
    this.#momentum = momentum;
    this.#frozen = freezePatches ? patches : undefined;
  }

  trainable(): Map<string, Parameter> {
    const { backbone, head, predictor } = this.modules;
    const all = parametersOf({ backbone, head, predictor });
    const frozen = new Set(this.#frozen?.namedParameters().values());
    return new Map([...all].filter(([, parameter]) => !frozen.has(parameter)));
  }

  emaPairs(run: RunShape): EmaPair[] {
    return momentumPairs(this.modules, risingMomentum(this.#momentum, run));
  }

  /** @throws ShapeError unless there are two views of one shape, of two images or more */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { predictor, momentumBackbone, momentumHead, ...online } = this.modules;
    const views = twoViewsOf('MocoV3', batch).map((view) => normalizeImages(view, this.#normalize));
    const [q1, q2] = views.map((view, at) => {
      const own = childContext(ctx, at);
      return predictor.forward(project(online, view, own), childContext(own, 'predictor'));
    }) as [tf.Tensor2D, tf.Tensor2D];
    const teacher = { backbone: momentumBackbone, head: momentumHead };
    const own = childContext(ctx, 'momentum');
    const [k1, k2] = views.map((view, at) => stopGradient(project(teacher, view, childContext(own, at)))) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const temperature = this.#temperature;
    const contrast = (query: tf.Tensor2D, keys: tf.Tensor2D): tf.Scalar =>
      infoNCE(query, keys, undefined, { temperature });
    return {
      loss: tf.mul(tf.add(contrast(q1, k2), contrast(q2, k1)), 2 * temperature),
      metrics: { featureStd: featureStd(tf.concat([q1, q2])) },
    };
  }
}

/** The projection of a backbone's patches. */
function patchesOf(backbone: Encoder): PatchEmbed | undefined {
  const found = [...backbone.namedModules().values()].filter((module) => module instanceof PatchEmbed);
  return found.length === 1 ? found[0] : undefined;
}
