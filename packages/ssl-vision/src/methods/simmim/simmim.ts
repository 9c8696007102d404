import * as tf from '@tensorflow/tfjs-core';
import { maskedL1 } from '@selfsup/ssl-losses';
import { childContext, drawKey, Linear, parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount, foldIn, InvalidOptionError, randomUniform, ShapeError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { samplesOf } from '../../batches/samples-of.js';
import { checkVisionTransformer } from '../../encoders/check-token-encoder.js';
import type { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { randomUnits } from './random-units.js';

/** Options of {@link SimMim}. */
export interface SimMimOptions {
  /** A vision transformer with `maskToken: true`. */
  readonly backbone: VisionTransformer;
  /** Source of the decoder's initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Share of the squares that is hidden, in (0, 1). Default 0.6. */
  readonly maskRatio?: number;
  /** Side of a square that is hidden as a whole, in patches. Default 2. */
  readonly maskUnit?: number;
}

const simMimOptionNames: OptionNames<SimMimOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  maskRatio: 'optionalNumber',
  maskUnit: 'optionalNumber',
};

/**
 * Defaults of {@link SimMim}: Xie et al. 2021 (arXiv 2111.09886), section 4.1: squares of 32 pixels, which are two patches
 * of ViT-B/16, 60 % of them. There with AdamW, betas 0.9 and 0.999, decay 0.05, rate 1e-4 for each 512 images of a batch of
 * 2048, 10 or 20 epochs of warm-up, 800 epochs.
 */
export const simMimDefaults = { maskRatio: 0.6, maskUnit: 2 } as const;

/**
 * SimMIM: hide squares of an image, with one learnt token in place of their patches, and tell their pixels by one linear
 * layer; `loss = mean over hidden pixels of |prediction - target|`. The target is the image as it is normalised. The encoder
 * sees all places. Keep `modules.backbone`.
 *
 * The token takes the place of a patch's projection, before positions are added. One view of each image suffices (a crop, a
 * flip); of more, each is a sample of its own.
 *
 * Metric `hiddenShare`: share of the patches that were hidden.
 *
 * Source: Xie et al. 2021 (arXiv 2111.09886), section 3; models/simmim.py of microsoft/SimMIM, whose linear layer is a
 * convolution of 1 x 1 and a pixel shuffle: the same but for the order of its outputs, which here is that of patches
 * (lightly's `SimMIM`).
 */
export class SimMim implements Method<MultiViewBatch> {
  readonly name = 'simmim';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: VisionTransformer; readonly decoder: Linear };
  readonly #options: Required<SimMimOptions>;

  /** @throws InvalidOptionError for options out of range, and for what is no vision transformer with a mask token */
  constructor(options: SimMimOptions) {
    const where = 'SimMim';
    const all = { ...simMimDefaults, ...checkOptions(where, options, simMimOptionNames) };
    const { backbone, key, normalize, maskRatio, maskUnit } = all;
    checkVisionTransformer(where, backbone, { maskToken: true });
    checkImageStatistics(where, 'normalize', normalize);
    checkCount(where, { maskUnit });
    if (!(maskRatio > 0 && maskRatio < 1)) throw new InvalidOptionError(where, 'maskRatio', 'in (0, 1)', maskRatio);
    const decoder = new Linear(backbone.tokenDim, backbone.patchEmbed.pixels, { key: foldIn(key, 'decoder') });
    this.modules = { backbone, decoder };
    this.settings = { maskRatio, maskUnit, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /**
   * @throws ShapeError for images whose patches are no multiple of `maskUnit`; InvalidOptionError where `ctx` has no key, or
   *   where every square would be hidden
   */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { maskRatio, maskUnit, normalize } = this.#options;
    const images = normalizeImages(samplesOf('SimMim', batch), normalize);
    const grid = this.modules.backbone.patchEmbed.gridOf(images);
    if (grid.some((side) => side % maskUnit !== 0))
      throw new ShapeError(
        'SimMim',
        'views',
        `of patches in multiples of maskUnit ${maskUnit}`,
        grid.join(' x '),
        'Take maskUnit: 1, or pictures that have such multiples',
      );
    const squares = (grid[0] * grid[1]) / maskUnit ** 2;
    const noise = randomUniform(drawKey(ctx, 'SimMim.loss'), [images.shape[0], squares]) as tf.Tensor2D;
    const mask = randomUnits(noise, grid, maskUnit, maskRatio);
    return { loss: this.lossOf(images, mask, ctx), metrics: { hiddenShare: tf.mean(mask) } };
  }

  /**
   * Loss of given images and hidden patches.
   *
   * @param images `[batch, height, width, channels]`, normalised
   * @param mask `[batch, patches]`, 1 = hidden
   * @throws ShapeError for a mask of another number of patches
   */
  lossOf(images: tf.Tensor4D, mask: tf.Tensor2D, ctx: ForwardContext): tf.Scalar {
    const { backbone, decoder } = this.modules;
    const { tokens, prefix, grid } = backbone.encode(images, childContext(ctx, 'backbone'), { mask });
    const [batch, count, dim] = tokens.shape;
    const patches = tf.slice(tokens, [0, prefix, 0], [batch, count - prefix, dim]);
    const [rows, columns] = grid as [number, number];
    // A patch is a pixel with the channels of all its pixels.
    const maps = [batch, rows, columns, backbone.patchEmbed.pixels] as [number, number, number, number];
    return maskedL1(
      tf.reshape<tf.Rank.R4>(decoder.forward(patches), maps),
      tf.reshape<tf.Rank.R4>(backbone.patchEmbed.flatten(images), maps),
      tf.reshape(mask, [batch, rows, columns]) as tf.Tensor3D,
    );
  }
}
