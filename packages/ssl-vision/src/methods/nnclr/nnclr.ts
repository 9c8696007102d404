import * as tf from '@tensorflow/tfjs-core';
import { featureStd, FeatureQueue, l2Normalize, nnclr } from '@selfsup/ssl-losses';
import { childContext, parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkChoice, checkCount, checkPositive, foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { twoViewsOf } from '../../batches/two-views-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { PredictionHead } from '../../heads/prediction-head.js';
import { project } from '../../heads/project.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';

/** Options of {@link Nnclr}. */
export interface NnclrOptions {
  readonly backbone: Encoder;
  /** Source of the heads' initial weights and of the support set's first rows. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Width of the projection head's hidden layers. Default 2048. */
  readonly hiddenDim?: number;
  /** Width of projections and predictions. Default 256. */
  readonly outDim?: number;
  /** Width of the prediction head's hidden layer. Default 4096. */
  readonly predictionDim?: number;
  /** Divisor of the similarities. Default 0.1. */
  readonly temperature?: number;
  /** Projections of earlier batches in which neighbours are looked for. Default 98304. */
  readonly queueSize?: number;
  /** What a neighbour is told from: `predictions` of the other images, or `all` as in lightly's example. Default `predictions`. */
  readonly negatives?: 'predictions' | 'all';
}

const nnclrOptionNames: OptionNames<NnclrOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  predictionDim: 'optionalNumber',
  temperature: 'optionalNumber',
  queueSize: 'optionalNumber',
  negatives: 'optional',
};

/**
 * Defaults of {@link Nnclr}: Dwibedi et al. 2021 (arXiv 2104.14548), section 4.1. There with LARS,
 * rate 0.3 for each 256 images of a batch, decay 1e-6, by a cosine after 10 epochs of warm-up, batches of 4096.
 */
export const nnclrDefaults = {
  hiddenDim: 2048,
  outDim: 256,
  predictionDim: 4096,
  temperature: 0.1,
  queueSize: 98304,
  negatives: 'predictions',
} as const;

/** {@link Nnclr} for small data sets: a support set and heads that fit them (lightly's benchmark on CIFAR-10 has 4096 rows). */
export const nnclrSmall = { hiddenDim: 1024, predictionDim: 1024, queueSize: 4096 } as const;

/**
 * NNCLR: SimCLR whose positive is not the other view but its nearest neighbour among projections of earlier batches; the
 * prediction from one view finds the neighbour of the other, the mean of both orders. Trains backbone, head and predictor;
 * keep the backbone.
 *
 * The support set takes the projections of the first view, of length 1, after each update; a batch need not divide it. No
 * gradient flows into neighbours. Batch statistics: a training pass for each view, first then second.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Dwibedi et al. 2021 (arXiv 2104.14548), algorithm 1; lightly's `nnclr.py`, whose support set takes raw
 * projections of the second view.
 */
export class Nnclr implements Method<MultiViewBatch> {
  readonly name = 'nnclr';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: Encoder;
    readonly head: ProjectionHead;
    readonly predictor: PredictionHead;
  };
  readonly state: { readonly queue: FeatureQueue };
  readonly #normalize: ImageStatistics;
  readonly #temperature: number;
  readonly #negatives: 'predictions' | 'all';

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: NnclrOptions) {
    const where = 'Nnclr';
    const all = { ...nnclrDefaults, ...checkOptions(where, options, nnclrOptionNames) };
    const { backbone, key, normalize, hiddenDim, outDim, predictionDim, temperature, queueSize, negatives } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    checkCount(where, { hiddenDim, outDim, predictionDim, queueSize });
    checkPositive(where, { temperature });
    checkChoice(where, 'negatives', negatives, ['predictions', 'all']);
    this.modules = {
      backbone,
      head: new ProjectionHead(backbone.featureDim, { hiddenDim, outDim, depth: 3, key: foldIn(key, 'head') }),
      predictor: new PredictionHead(outDim, { hiddenDim: predictionDim, key: foldIn(key, 'predictor') }),
    };
    this.state = { queue: new FeatureQueue(queueSize, outDim, { key: foldIn(key, 'queue') }) };
    this.settings = { temperature, queueSize, negatives, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#temperature = temperature;
    this.#negatives = negatives;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError unless there are two views of one shape, of two images or more */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { predictor, ...online } = this.modules;
    const z = twoViewsOf('Nnclr', batch).map((view, at) =>
      project(online, normalizeImages(view, this.#normalize), childContext(ctx, at)),
    ) as [tf.Tensor2D, tf.Tensor2D];
    const p = z.map((one, at) => predictor.forward(one, childContext(childContext(ctx, at), 'predictor'))) as typeof z;
    const options = { temperature: this.#temperature, negatives: this.#negatives };
    return {
      loss: nnclr(z, p, this.state.queue.features, options),
      metrics: { featureStd: featureStd(tf.concat(z)) },
      carried: { projections: l2Normalize(z[0]) },
    };
  }

  afterUpdate(_ctx: ForwardContext, carried: Readonly<Record<string, tf.Tensor>>): void {
    this.state.queue.enqueue(carried['projections'] as tf.Tensor2D);
  }
}
