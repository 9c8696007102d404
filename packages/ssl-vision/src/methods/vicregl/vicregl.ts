import * as tf from '@tensorflow/tfjs-core';
import { featureStd, vicregl, type VicreglView } from '@selfsup/ssl-losses';
import { childContext, parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import {
  checkCount,
  checkNonNegative,
  checkShare,
  foldIn,
  InvalidOptionError,
  type NdArray,
  ShapeError,
} from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkImages } from '../../batches/check-images.js';
import { haveOneShape, loaderOf, shapesOf, viewsOf } from '../../batches/views-of.js';
import { checkPooledEncoder, lastChannels, mapAndFeatures, type PooledEncoder } from '../../encoders/last-map.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import {
  jointEmbedding,
  type JointEmbeddingOptions,
  jointEmbeddingOptionNames,
} from '../joint-embedding/joint-embedding.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { placesIn } from './places-in.js';

/** Views, and where they lie in their pictures: what a loader of `located` views delivers. */
export interface LocatedViewBatch extends MultiViewBatch {
  /**
   * Of each view float32 `[batch, 4]`: top, left, bottom and right border in the picture, in any unit that the views share.
   */
  readonly boxes?: readonly NdArray<Float32Array>[];
}

/** Options of {@link VicregL}. */
export interface VicregLOptions extends JointEmbeddingOptions {
  /** Of maps, which pools the last one to its features. */
  readonly backbone: PooledEncoder;
  /** Width of the local head's hidden layers. Default 512. */
  readonly localHiddenDim?: number;
  /** Width of the projections of places. Default 512. */
  readonly localOutDim?: number;
  /** Weight of whole views, in [0, 1]; the places' is the rest. Default 0.75. */
  readonly alpha?: number;
  /** Pairs of places that count: from one view to the other, and back. Default [20, 4]. */
  readonly numMatches?: readonly [number, number];
  /** Weight of the distance between views or places. Default 25. */
  readonly lambda?: number;
  /** Weight of the hinge that keeps deviations at 1 or above. Default 25. */
  readonly mu?: number;
  /** Weight of the covariances of different features. Default 1. */
  readonly nu?: number;
}

const vicregLOptionNames: OptionNames<VicregLOptions> = {
  ...jointEmbeddingOptionNames,
  localHiddenDim: 'optionalNumber',
  localOutDim: 'optionalNumber',
  alpha: 'optionalNumber',
  numMatches: 'optional',
  lambda: 'optionalNumber',
  mu: 'optionalNumber',
  nu: 'optionalNumber',
};

/**
 * Defaults of {@link VicregL}: Bardes et al. 2022 (arXiv 2210.01571), section 4 and appendix, and the code's, for a
 * ResNet-50 with two views. There with LARS, decay 1e-6, rate 0.3 for each 256 images of a batch of 512 (0.2 of 2048), by
 * a cosine after 10 epochs of warm-up.
 */
export const vicregLDefaults = {
  depth: 3,
  hiddenDim: 8192,
  outDim: 8192,
  localHiddenDim: 512,
  localOutDim: 512,
  alpha: 0.75,
  numMatches: [20, 4],
  lambda: 25,
  mu: 25,
  nu: 1,
} as const;

/**
 * {@link VicregL} for pictures of 28 to 64 pixels and batches of 64 to 512: the expander of `vicregSmall`, a local head of
 * the features' order, and as large a share of the 4 x 4 places that such a map has as 20 and 4 are of 7 x 7. Chosen, not
 * cited.
 */
export const vicregLSmall = {
  hiddenDim: 2048,
  outDim: 2048,
  localHiddenDim: 256,
  localOutDim: 256,
  numMatches: [7, 2],
} as const;

/**
 * VICRegL: VICReg of whole views, and of places of two views that belong together: each with the nearest one in the
 * picture, and each with the one of the nearest feature. `loss = alpha L_global + (1 - alpha) L_local`. Trains backbone and
 * both heads; keep `modules.backbone`.
 *
 * Views are those of `vicreglViews`, or any that are `located`: two global ones of one size, then local ones if wanted. Both
 * heads are MLPs with batch norm, the local one at each place of the last map, as the authors' is of a ResNet. A mirrored
 * view's places are matched where they lie; the authors' code takes them as if it were not (`--no-flip-grid 1`), and matches
 * features over all places where this keeps the nearest `numMatches`, as the paper and lightly do.
 *
 * Batch statistics: a training pass for each view, in their order.
 *
 * Metric `featureStd`: deviation of the global views' projections of length 1 over the batch, about `1 / sqrt(outDim)`
 * where they spread over the sphere, 0 where they have collapsed; `localStd`: the same of the first view's places.
 *
 * Source: Bardes et al. 2022 (arXiv 2210.01571), section 3; lightly's `VICRegLLoss`.
 */
export class VicregL implements Method<LocatedViewBatch> {
  readonly name = 'vicregl';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: PooledEncoder;
    readonly head: ProjectionHead;
    readonly localHead: ProjectionHead;
  };
  readonly #options: Required<VicregLOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no encoder that pools its last map */
  constructor(options: VicregLOptions) {
    const where = 'VicregL';
    const all = { ...vicregLDefaults, ...checkOptions(where, options, vicregLOptionNames) };
    const { backbone, key, depth, localHiddenDim, localOutDim, alpha, numMatches, lambda, mu, nu, normalize } = all;
    checkPooledEncoder(where, backbone);
    checkCount(where, { localHiddenDim, localOutDim });
    checkShare(where, { alpha });
    checkNonNegative(where, { lambda, mu, nu });
    if (!(Array.isArray(numMatches) && numMatches.length === 2))
      throw new InvalidOptionError(where, 'numMatches', 'two positive integers', numMatches);
    checkCount(where, { 'numMatches[0]': numMatches[0], 'numMatches[1]': numMatches[1] });
    const { head } = jointEmbedding(where, all, 'none');
    const sizes = { depth, hiddenDim: localHiddenDim, outDim: localOutDim, lastNorm: 'none' } as const;
    const localHead = new ProjectionHead(lastChannels(backbone), { ...sizes, key: foldIn(key, 'localHead') });
    this.modules = { backbone, head, localHead };
    this.settings = { alpha, numMatches: [...numMatches], lambda, mu, nu, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /**
   * @throws ShapeError unless there are two views of one shape, then others if any, each with a box; InvalidOptionError for
   *   a batch without boxes
   */
  loss(batch: Tensors<LocatedViewBatch>, ctx: ForwardContext): MethodLoss {
    const { alpha, numMatches, lambda, mu, nu, normalize } = this.#options;
    const views = viewsOf('VicregL', batch, loaderOf('located'));
    if (views.length < 2 || !haveOneShape(views.slice(0, 2))) {
      const advice = `Give the loader views that say where they lie: ${loaderOf('located')}`;
      throw new ShapeError('VicregL', 'views', 'two of one size, then others if any', shapesOf(views), advice);
    }
    checkImages('VicregL', views[0]!, 2);
    const boxes = boxesOf(batch, views);
    const seen = views.map((view, at) =>
      this.#seen(normalizeImages(view, normalize), boxes[at]!, childContext(ctx, at)),
    );
    const [first, second, ...locals] = seen as [VicreglView, VicreglView, ...VicreglView[]];
    const places = tf.reshape(first.local, [-1, first.local.shape[3]]) as tf.Tensor2D;
    return {
      loss: vicregl([first, second], locals, { alpha, numMatches, lambda, mu, nu }),
      metrics: { featureStd: featureStd(tf.concat([first.global, second.global])), localStd: featureStd(places) },
    };
  }

  #seen(images: tf.Tensor4D, box: tf.Tensor2D, ctx: ForwardContext): VicreglView {
    const { backbone, head, localHead } = this.modules;
    const { map, features } = mapAndFeatures(backbone, images, childContext(ctx, 'backbone'));
    const [batch, rows, columns, channels] = map.shape;
    const places = tf.reshape(map, [batch * rows * columns, channels]) as tf.Tensor2D;
    const local = localHead.forward(places, childContext(ctx, 'localHead'));
    return {
      global: head.forward(features, childContext(ctx, 'head')),
      local: tf.reshape(local, [batch, rows, columns, localHead.outDim]) as tf.Tensor4D,
      grid: placesIn(box, rows, columns),
    };
  }
}

const advice = `Give the loader views that say where they lie: ${loaderOf('located')}, or others that are located()`;

/** @throws InvalidOptionError for a batch without boxes; ShapeError unless there is one for each view */
function boxesOf(batch: { readonly boxes?: unknown }, views: readonly tf.Tensor[]): readonly tf.Tensor2D[] {
  const { boxes } = batch;
  if (!Array.isArray(boxes))
    throw new InvalidOptionError('VicregL', 'batch.boxes', 'an array of boxes, one a view', boxes, advice);
  const shape = `[${views[0]!.shape[0]!}, 4]`;
  const given = boxes as readonly tf.Tensor[];
  if (given.length !== views.length || given.some((box) => `[${box.shape.join(', ')}]` !== shape))
    throw new ShapeError('VicregL', 'batch.boxes', `${views.length} of ${shape}`, shapesOf(given), advice);
  return given as readonly tf.Tensor2D[];
}
