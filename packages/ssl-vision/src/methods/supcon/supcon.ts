import * as tf from '@tensorflow/tfjs-core';
import { featureStd, supCon } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount, checkPositive, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { NdArray, RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { equalViewsOf } from '../../batches/equal-views-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { project } from '../../heads/project.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';

/** Views of images with their classes: a `DataLoader`'s of a data set that has them. */
export interface LabelledViewBatch extends MultiViewBatch {
  /** int32 `[batch]`, -1 = no label: such an image attracts its own other views alone. */
  readonly labels?: NdArray<Int32Array>;
}

/** Options of {@link SupCon}. */
export interface SupConOptions {
  readonly backbone: Encoder;
  /** Source of the head's initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Width of the head's hidden layer. Default: the features'. */
  readonly hiddenDim?: number;
  /** Width of the projections. Default 128. */
  readonly outDim?: number;
  /** Divisor of the similarities. Default 0.1. */
  readonly temperature?: number;
  /** The loss is multiplied by `temperature / baseTemperature`. Default 0.07. */
  readonly baseTemperature?: number;
}

const supConOptionNames: OptionNames<SupConOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  temperature: 'optionalNumber',
  baseTemperature: 'optionalNumber',
};

/**
 * Defaults of {@link SupCon}: Khosla et al. 2020 (arXiv 2004.11362), section 4, and the authors' code. There with SGD,
 * momentum 0.9, decay 1e-4, rate 0.05 for batches of 256 on CIFAR, by a cosine.
 */
export const supConDefaults = { outDim: 128, temperature: 0.1, baseTemperature: 0.07 } as const;

/**
 * Supervised contrastive learning: all views of all images of a class attract, those of other classes repel. With labels
 * that all differ it is SimCLR. Trains backbone and head, an MLP of two layers without batch norm; keep the backbone and put
 * a classifier on it.
 *
 * Batch statistics: one training pass over all views.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch; 0 where they have collapsed. Classes that
 * become points make it smaller than `1 / sqrt(outDim)`, too.
 *
 * Source: Khosla et al. 2020 (arXiv 2004.11362), equation 2; `SupConLoss` and `SupConResNet` of HobbitLong/SupContrast.
 */
export class SupCon implements Method<LabelledViewBatch> {
  readonly name = 'supcon';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly #normalize: ImageStatistics;
  readonly #loss: { readonly temperature: number; readonly baseTemperature: number };

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: SupConOptions) {
    const where = 'SupCon';
    const all = { ...supConDefaults, ...checkOptions(where, options, supConOptionNames) };
    const { backbone, key, normalize, outDim, temperature, baseTemperature } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    const { hiddenDim = backbone.featureDim } = all;
    checkCount(where, { hiddenDim, outDim });
    checkPositive(where, { temperature, baseTemperature });
    const sizes = { hiddenDim, outDim, batchNorm: false };
    this.modules = {
      backbone,
      head: new ProjectionHead(backbone.featureDim, { ...sizes, key: foldIn(key, 'head') }),
    };
    this.settings = { temperature, baseTemperature, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#loss = { temperature, baseTemperature };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /**
   * @throws ShapeError unless there are two views or more, of one shape; InvalidOptionError for a batch without labels
   */
  loss(batch: Tensors<LabelledViewBatch>, ctx: ForwardContext): MethodLoss {
    const views = equalViewsOf('SupCon', batch);
    const { labels } = batch;
    if (labels === undefined) {
      const advice = 'Give the loader a data set with labels, such as new ImageArrayDataset(images, labels)';
      throw new InvalidOptionError('SupCon', 'batch.labels', 'classes of the images', labels, advice);
    }
    const images = normalizeImages(tf.concat([...views]), this.#normalize);
    const projections = project(this.modules, images, ctx);
    return {
      loss: supCon(projections, labels as tf.Tensor1D, { ...this.#loss, views: views.length }),
      metrics: { featureStd: featureStd(projections) },
    };
  }
}
