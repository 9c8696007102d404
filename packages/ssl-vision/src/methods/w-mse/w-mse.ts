import * as tf from '@tensorflow/tfjs-core';
import { featureStd, wMSE } from '@selfsup/ssl-losses';
import { drawKey, parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount, checkShare, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
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

/** Options of {@link WMse}. */
export interface WMseOptions extends JointEmbeddingOptions {
  /** Images that are whitened together, twice `outDim` or more; divides the batch. Default: twice `outDim`. */
  readonly wSize?: number;
  /** Random divisions of the batch that are averaged. Default 1. */
  readonly wIter?: number;
  /** Share of the identity that is mixed into each covariance, in [0, 1]. Default 0. */
  readonly eps?: number;
}

const wMseOptionNames: OptionNames<WMseOptions> = {
  ...jointEmbeddingOptionNames,
  wSize: 'optionalNumber',
  wIter: 'optionalNumber',
  eps: 'optionalNumber',
};

/**
 * Defaults of {@link WMse}: Ermolov et al. 2021 (arXiv 2007.06346), section 4 for small pictures (64 wide, parts of
 * 128). There with Adam, decay 1e-6, 500 iterations of warm-up.
 */
export const wMseDefaults = { depth: 2, hiddenDim: 1024, outDim: 64, wIter: 1, eps: 0 } as const;

/**
 * W-MSE: projections are whitened in random parts of the batch, each view by itself, so that they cannot collapse, and
 * views of an image are drawn together. Two or more views of one size. Trains backbone and head; keep `modules.backbone`.
 *
 * Batch statistics: a training pass for each view in their order. Whitening has no running statistics here: nothing but
 * the loss whitens.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed. Before the whitening.
 *
 * Source: Ermolov et al. 2021 (arXiv 2007.06346), section 3; htdt/self-supervised; lightly's `WMSELoss`.
 */
export class WMse implements Method<MultiViewBatch> {
  readonly name = 'w-mse';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly #options: Required<WMseOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: WMseOptions) {
    const where = 'WMse';
    const given = { ...wMseDefaults, ...checkOptions(where, options, wMseOptionNames) };
    const all = { ...given, wSize: given.wSize ?? 2 * given.outDim };
    const { wSize, wIter, eps, outDim, normalize } = all;
    checkCount(where, { wSize, wIter });
    checkShare(where, { eps });
    this.modules = jointEmbedding(where, all, 'none');
    if (wSize < 2 * outDim) throw new InvalidOptionError(where, 'wSize', `${2 * outDim} or more, twice outDim`, wSize);
    this.settings = { wSize, wIter, eps, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError unless there are two or more views of one shape, and parts that divide the batch */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { normalize, wSize, wIter, eps } = this.#options;
    const views = equalViewsOf('WMse', batch);
    const [images] = views[0]!.shape as [number];
    if (images % wSize !== 0) {
      const size = Math.max(1, Math.floor(images / wSize)) * wSize;
      const advice = `Take batchSize: ${size}, and no last batch of what remains (dropLast)`;
      throw new ShapeError(
        'WMse',
        'views',
        `batches that are multiples of wSize, ${wSize} images`,
        `${images}`,
        advice,
      );
    }
    const z = tf.concat(projectViews(this.modules, views, normalize, ctx));
    const options = { numSamples: views.length, wSize, wIter, eps };
    return { loss: wMSE(z, drawKey(ctx, 'WMse.loss'), options), metrics: { featureStd: featureStd(z) } };
  }
}
