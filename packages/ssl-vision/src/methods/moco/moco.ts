import type * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from '@selfsup/ssl-core';
import { featureStd, FeatureQueue, infoNCE, l2Normalize } from '@selfsup/ssl-losses';
import { childContext, parametersOf, twinOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkChoice, checkCount, checkPositive, foldIn, stopGradient } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { EmaPair, Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { twoViewsOf } from '../../batches/two-views-of.js';
import { checkQueue } from '../../batches/check-queue.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { project } from '../../heads/project.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { inParts, shuffledInParts } from './in-parts.js';
import { momentumPairs } from '../joint-embedding/momentum-pairs.js';

/** Options of {@link Moco}. */
export interface MocoOptions {
  readonly backbone: Encoder;
  /** Source of the head's initial weights and of the queue's first rows. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** `mlp`: two layers with a ReLU, MoCo v2. `linear`: one layer, MoCo v1. Default `mlp`. */
  readonly head?: 'mlp' | 'linear';
  /** Width of the MLP's hidden layer. Default: the features'. */
  readonly hiddenDim?: number;
  /** Width of queries and keys. Default 128. */
  readonly outDim?: number;
  /** Divisor of the similarities. Default 0.2. */
  readonly temperature?: number;
  /** Keys of earlier batches that are the negatives; a multiple of the images of an update. Default 65536. */
  readonly queueSize?: number;
  /** Of the key encoder, in [0, 1]. Default 0.999. */
  readonly momentum?: number;
  /**
   * Parts of a batch that have batch statistics of their own, as on so many devices: those of the queries as they lie,
   * those of the keys shuffled. With 1 shuffling would change nothing and is left out. Default 1.
   */
  readonly shuffleParts?: number;
}

const mocoOptionNames: OptionNames<MocoOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  head: 'optional',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  temperature: 'optionalNumber',
  queueSize: 'optionalNumber',
  momentum: 'optionalNumber',
  shuffleParts: 'optionalNumber',
};

/**
 * Defaults of {@link Moco}: MoCo v2 (Chen et al. 2020, arXiv 2003.04297, table 1 and section 3), whose 8 devices would be
 * `shuffleParts: 8`. There with SGD, momentum 0.9, decay 1e-4, rate 0.03 for batches of 256, by a cosine.
 */
export const mocoDefaults = {
  head: 'mlp',
  outDim: 128,
  temperature: 0.2,
  queueSize: 65536,
  momentum: 0.999,
  shuffleParts: 1,
} as const;

/** {@link Moco} as MoCo v1: He et al. 2019 (arXiv 1911.05722), section 3.3 and 4. Of the views, take `mocoV1Views`. */
export const mocoV1Defaults = { ...mocoDefaults, head: 'linear', temperature: 0.07 } as const;

/**
 * {@link Moco} for pictures of some 32 pixels and batches of 64 to 512: the authors' own run on CIFAR-10 (the notebook
 * `moco_cifar10_demo` of facebookresearch/moco), which has `shuffleParts: 8` beside.
 */
export const mocoSmall = { temperature: 0.1, queueSize: 4096, momentum: 0.99 } as const;

/**
 * MoCo v2, and v1 by `mocoV1Defaults`: the query of one view finds the key of the other among the keys of earlier batches,
 * which an encoder made that follows by momentum: `loss = -log(exp(q . k / t) / (exp(q . k / t) + sum_j exp(q . n_j / t)))`,
 * all of length 1. The first view is the query. Trains backbone and head; keep `modules.backbone`.
 *
 * Batch statistics: one training pass of the online encoder over the queries, then one of the key encoder over the keys;
 * each keeps its own running statistics. The paper shuffles keys over devices, so that query and key of an image do not
 * share statistics by which they could be told. On one device with statistics of the whole batch a shuffle changes nothing
 * (lightly's `batch_shuffle` there has no effect); `shuffleParts` does what the devices do, one pass a part.
 *
 * The key encoder follows, and the queue takes the keys, after an update; the authors' code moves the encoder before the
 * forward pass, which makes the same keys.
 *
 * Metric `featureStd`: deviation of the queries of length 1 over the batch, about `1 / sqrt(outDim)` where they spread over
 * the sphere, 0 where they have collapsed.
 *
 * Source: He et al. 2019 (arXiv 1911.05722), algorithm 1; Chen et al. 2020 (arXiv 2003.04297); moco/builder.py of
 * facebookresearch/moco.
 */
export class Moco implements Method<MultiViewBatch> {
  readonly name = 'moco';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: Encoder;
    readonly head: ProjectionHead;
    readonly momentumBackbone: Encoder;
    readonly momentumHead: ProjectionHead;
  };
  readonly state: { readonly queue: FeatureQueue };
  readonly #normalize: ImageStatistics;
  readonly #temperature: number;
  readonly #momentum: number;
  readonly #parts: number;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: MocoOptions) {
    const where = 'Moco';
    const all = { ...mocoDefaults, ...checkOptions(where, options, mocoOptionNames) };
    const { backbone, key, normalize, head, outDim, temperature, queueSize, momentum, shuffleParts } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    checkChoice(where, 'head', head, ['mlp', 'linear']);
    const { hiddenDim = backbone.featureDim } = all;
    checkCount(where, { hiddenDim, outDim, queueSize, shuffleParts });
    checkPositive(where, { temperature });
    checkNumber(where, 'momentum', momentum, 0, 1);
    const own = new ProjectionHead(backbone.featureDim, {
      hiddenDim,
      outDim,
      depth: head === 'mlp' ? 2 : 1,
      batchNorm: false,
      key: foldIn(key, 'head'),
    });
    this.modules = { backbone, head: own, momentumBackbone: twinOf(backbone), momentumHead: twinOf(own) };
    this.state = { queue: new FeatureQueue(queueSize, outDim, { key: foldIn(key, 'queue') }) };
    this.settings = { head, temperature, queueSize, momentum, shuffleParts, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#temperature = temperature;
    this.#momentum = momentum;
    this.#parts = shuffleParts;
  }

  trainable(): Map<string, Parameter> {
    const { backbone, head } = this.modules;
    return parametersOf({ backbone, head });
  }

  emaPairs(): EmaPair[] {
    return momentumPairs(this.modules, this.#momentum);
  }

  /**
   * @throws ShapeError unless there are two views of one shape, whose images the parts divide; InvalidOptionError where
   *   there are parts and `ctx` has no key
   */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const [first, second] = twoViewsOf('Moco', batch).map((view) => normalizeImages(view, this.#normalize)) as [
      tf.Tensor4D,
      tf.Tensor4D,
    ];
    const { backbone, head, momentumBackbone, momentumHead } = this.modules;
    const teacher = { backbone: momentumBackbone, head: momentumHead };
    const query = l2Normalize(
      inParts(first, this.#parts, (part, at) => project({ backbone, head }, part, childContext(ctx, at))),
    );
    const own = childContext(ctx, 'momentum');
    const keys = l2Normalize(
      shuffledInParts(second, this.#parts, own, (part, at) => project(teacher, part, childContext(own, at))),
    );
    const options = { temperature: this.#temperature, normalize: false };
    return {
      loss: infoNCE(query, stopGradient(keys), this.state.queue.features, options),
      metrics: { featureStd: featureStd(query) },
      carried: { keys },
    };
  }

  /** @throws ShapeError unless the images of an update divide the queue, as in the authors' code */
  afterUpdate(_ctx: ForwardContext, carried: Readonly<Record<string, tf.Tensor>>): void {
    const { keys } = carried;
    const { queue } = this.state;
    checkQueue('Moco', queue, keys!.shape[0]!);
    queue.enqueue(keys as tf.Tensor2D);
  }
}
