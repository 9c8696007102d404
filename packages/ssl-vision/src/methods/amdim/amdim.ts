import * as tf from '@tensorflow/tfjs-core';
import { amdim, type AmdimFeatures, featureStd } from '@selfsup/ssl-losses';
import { checkAscending, childContext, drawKey, parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, MapEncoder, Parameter } from '@selfsup/ssl-nn';
import {
  checkCount,
  checkNonNegative,
  checkPositive,
  foldIn,
  foldInKey,
  InvalidOptionError,
  randomUniform,
} from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { twoViewsOf } from '../../batches/two-views-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { AmdimEncoder } from './amdim-encoder.js';
import { AmdimHead } from './amdim-head.js';

/** Options of {@link Amdim}. */
export interface AmdimOptions {
  /** {@link AmdimEncoder}, or any encoder that gives maps. */
  readonly backbone: Encoder & MapEncoder;
  /** Source of the heads' initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** The backbone's stages whose maps are the finer and the coarser scale. Default: its last two; of an AmdimEncoder 7 x 7 and 5 x 5. */
  readonly stages?: readonly [fine: number, coarse: number];
  /** Width in which scales are compared; of an AmdimEncoder that of its features. Default 256. */
  readonly outDim?: number;
  /** Scores are bent into `(-c, c)`; positive. Default 20. */
  readonly tanhClip?: number;
  /** Weight of the mean square of the scores, 0 or more. Default 0.04. */
  readonly scoreRegularization?: number;
}

const amdimOptionNames: OptionNames<AmdimOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  stages: 'optional',
  outDim: 'optionalNumber',
  tanhClip: 'optionalNumber',
  scoreRegularization: 'optionalNumber',
};

/**
 * Defaults of {@link Amdim}: Bachman et al. 2019 (arXiv 1906.00910) and the authors' train.py. There with Adam, rate 2e-4,
 * betas 0.8 and 0.999, decay 1e-5, batches of 480 or more at 128 pixels.
 */
export const amdimDefaults = { outDim: 256, tanhClip: 20, scoreRegularization: 0.04 } as const;

/** {@link Amdim} for 28 to 64 pixels on other encoders than its own: features of few hundred channels. Chosen, not cited. */
export const amdimSmall = { outDim: 128 } as const;

type Heads = { readonly fineHead: AmdimHead; readonly coarseHead: AmdimHead; readonly globalHead?: AmdimHead };

/**
 * AMDIM: features of one view, of the whole and of one place, predict those of every place of the other view at another
 * scale, told from places of other images; see `amdim` of @selfsup/ssl-losses. Scales 1 to coarse, 1 to fine, coarse to
 * coarse. Keep `modules.backbone`.
 *
 * The paper's encoder is {@link AmdimEncoder}, whose maps have no padding and whose features are compared as they are. Of
 * other encoders two stages' maps are taken and the mean of the last stage's, each through a head; where receptive fields
 * cover the picture, a place tells more of the whole, and the task is easier than the paper's. Each view is a pass of its
 * own, by whose statistics batch norms go. The place that predicts is drawn for each image and view.
 *
 * Metrics: `featureStd`, deviation of the global features of length 1 over the batch, 0 where they have collapsed;
 * `regularization`, that part of the loss.
 *
 * Source: Bachman et al. 2019 (arXiv 1906.00910), section 3; model.py and costs.py of Philip-Bachman/amdim-public.
 */
export class Amdim implements Method<MultiViewBatch> {
  readonly name = 'amdim';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder & MapEncoder } & Heads;
  readonly #normalize: ImageStatistics;
  readonly #stages: readonly [fine: number, coarse: number];
  readonly #loss: { readonly tanhClip: number; readonly scoreRegularization: number };

  /** @throws InvalidOptionError for options out of range, and for what is no encoder with maps */
  constructor(options: AmdimOptions) {
    const where = 'Amdim';
    const given = checkOptions(where, options, amdimOptionNames);
    const { backbone, key, normalize } = given;
    checkEncoder(where, backbone);
    if (typeof backbone.maps !== 'function' || backbone.stages.length < 2) {
      const advice = 'Such as new AmdimEncoder({ key, imageSize: 32 }) or a ResNet';
      throw new InvalidOptionError(where, 'backbone', 'an encoder that gives maps of two sizes', backbone, advice);
    }
    checkImageStatistics(where, 'normalize', normalize);
    const isOwn = backbone instanceof AmdimEncoder;
    const count = backbone.stages.length;
    const { stages = isOwn ? [0, 1] : [count - 2, count - 1] } = given;
    checkAscending(where, 'stages', stages, 0, count - 1);
    if (stages.length !== 2) throw new InvalidOptionError(where, 'stages', 'two, the finer one first', stages);
    const { outDim, tanhClip, scoreRegularization } = {
      ...amdimDefaults,
      ...(isOwn ? { outDim: backbone.featureDim } : {}),
      ...given,
    };
    checkCount(where, { outDim });
    if (isOwn && outDim !== backbone.featureDim)
      throw new InvalidOptionError(where, 'outDim', `${backbone.featureDim}, the width of the features`, outDim);
    checkPositive(where, { tanhClip });
    checkNonNegative(where, { scoreRegularization });
    const head = (name: string, stage: number): AmdimHead =>
      new AmdimHead(backbone.stages[stage]!.channels, outDim, { key: foldIn(key, name) });
    const [fine, coarse] = stages as readonly [number, number];
    this.modules = {
      backbone,
      fineHead: head('fine', fine),
      coarseHead: head('coarse', coarse),
      ...(isOwn ? {} : { globalHead: head('global', count - 1) }),
    };
    this.settings = { stages: [fine, coarse], tanhClip, scoreRegularization, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#stages = [fine, coarse];
    this.#loss = { tanhClip, scoreRegularization };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /**
   * @throws ShapeError for other than two views, images that the backbone does not take, and a single image;
   *   InvalidOptionError where `ctx` has no key
   */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const key = drawKey(childContext(ctx, 'places'), 'Amdim.loss');
    return this.lossOf(twoViewsOf('Amdim', batch), ctx, (images, places, view) => {
      const drawn = tf.floor(tf.mul(randomUniform(foldInKey(key, view), [images]), places));
      return tf.cast(tf.minimum(drawn, places - 1), 'int32') as tf.Tensor1D;
    });
  }

  /**
   * Loss of given views and places.
   *
   * @param views `[batch, height, width, channels]` each, 0 .. 255
   * @param sourceOf for each image of a view, the place of the coarse map that predicts, int32 `[images]`
   */
  lossOf(
    views: readonly [tf.Tensor, tf.Tensor],
    ctx: ForwardContext,
    sourceOf: (images: number, places: number, view: number) => tf.Tensor1D,
  ): MethodLoss {
    const { backbone, fineHead, coarseHead, globalHead } = this.modules;
    const last = backbone.stages.length - 1;
    const wanted = [...new Set([...this.#stages, last])];
    const [first, second] = views.map((view, at): AmdimFeatures => {
      const own = childContext(ctx, at);
      const pixels = normalizeImages(view, this.#normalize);
      const maps = backbone.maps(pixels, childContext(own, 'backbone'), { stages: wanted });
      const whole = tf.mean(maps.at(-1)!, [1, 2], true) as tf.Tensor4D;
      const coarse = coarseHead.forward(maps[1]!, childContext(own, 'coarse'));
      const [images] = pixels.shape;
      const global = globalHead?.forward(whole, childContext(own, 'global')) ?? whole;
      return {
        global: tf.reshape(global, [images, -1]) as tf.Tensor2D,
        coarse,
        fine: fineHead.forward(maps[0]!, childContext(own, 'fine')),
        source: sourceOf(images, coarse.shape[1], at),
      };
    }) as [AmdimFeatures, AmdimFeatures];
    const { total, regularization } = amdim(first, second, this.#loss);
    return { loss: total, metrics: { regularization, featureStd: featureStd(first.global) } };
  }
}
