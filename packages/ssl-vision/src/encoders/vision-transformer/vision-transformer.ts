import * as tf from '@tensorflow/tfjs-core';
import {
  Buffer,
  LayerNorm,
  Module,
  Parameter,
  TransformerBlock,
  childContext,
  evaluation,
  normal,
  torchWeight,
  zeros,
} from '@selfsup/ssl-nn';
import type { ForwardContext, Initialiser } from '@selfsup/ssl-nn';
import { checkChoice, checkCount, foldIn, InvalidOptionError, takeRows } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Backbone } from '../backbone.js';
import { PatchEmbed } from './patch-embed.js';
import { sinCosPositions } from './sin-cos-positions.js';
import { patchRows, tokenPlaces } from './token-places.js';

/** How a {@link VisionTransformer} starts. */
export interface VisionTransformerInit {
  /** Weights of the blocks' linear layers. */
  readonly weight: Initialiser;
  /** Weights of the patches' projection, as a linear layer's `[pixels, dim]`. */
  readonly patchWeight: Initialiser;
  readonly clsToken: Initialiser;
}

const visionTransformerInitNames: OptionNames<VisionTransformerInit> = {
  weight: 'requiredFunction',
  patchWeight: 'requiredFunction',
  clsToken: 'requiredFunction',
};

/** timm's start: normal of deviation 0.02, patches as PyTorch's convolution. */
export const visionTransformerInit: VisionTransformerInit = {
  weight: normal(0.02),
  patchWeight: torchWeight,
  clsToken: normal(1e-6),
};

/** Options of {@link VisionTransformer}. */
export interface VisionTransformerOptions {
  readonly key: RandomKey;
  /** Height and width of the images, or one number for both. A multiple of `patchSize`. */
  readonly imageSize: number | readonly [number, number];
  readonly patchSize: number;
  /** Width of a token. A multiple of `heads`. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the inner layer of the MLP, relative to `dim`. Default 4. */
  readonly mlpRatio?: number;
  /** Bias of queries, keys and values. Default true. */
  readonly qkvBias?: boolean;
  /** Probability that a sample skips a branch of the last block; falls linearly to 0 at the first. Default 0. */
  readonly dropPath?: number;
  /** Features: the class token, or the mean over the patches. Default `cls`. */
  readonly pool?: 'cls' | 'mean';
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
  /** `learnt`, or fixed sines and cosines of row and column (see {@link sinCosPositions}). Default `learnt`. */
  readonly positions?: 'learnt' | 'sinCos';
  /** Default {@link visionTransformerInit}. */
  readonly init?: VisionTransformerInit;
}

const visionTransformerOptionNames: OptionNames<VisionTransformerOptions> = {
  key: 'requiredKey',
  imageSize: 'required',
  patchSize: 'requiredNumber',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
  mlpRatio: 'optionalNumber',
  qkvBias: 'optionalFlag',
  dropPath: 'optionalNumber',
  pool: 'optional',
  inChannels: 'optionalNumber',
  positions: 'optional',
  init: 'optional',
};

/** Options of the named ViTs. Default: 224 pixels in patches of 16. */
export type VitVariantOptions = Pick<VisionTransformerOptions, 'key' | 'pool' | 'inChannels' | 'dropPath'> & {
  readonly imageSize?: number | readonly [number, number];
  readonly patchSize?: number;
};

const vitVariantOptionNames: OptionNames<VitVariantOptions> = {
  key: 'requiredKey',
  pool: 'optional',
  inChannels: 'optionalNumber',
  dropPath: 'optionalNumber',
  imageSize: 'optional',
  patchSize: 'optionalNumber',
};

/**
 * Vision transformer without its classifier: patches and a class token, positions, pre-norm blocks, a final
 * layer norm over all tokens. State dict and initialisation (normal of deviation 0.02, zero biases) as timm's
 * `VisionTransformer` less `head`; with `pool: 'mean'` as timm's with `global_pool='avg', fc_norm=False`.
 *
 * Source: Dosovitskiy et al. 2020 (arXiv 2010.11929); Touvron et al. 2020 (arXiv 2012.12877) for tiny and small;
 * `timm/models/vision_transformer.py`.
 */
export class VisionTransformer extends Module implements Backbone {
  static override readonly fieldNames = { patchEmbed: 'patch_embed', clsToken: 'cls_token', posEmbed: 'pos_embed' };
  readonly featureDim: number;
  readonly patchEmbed: PatchEmbed;
  /** `[1, 1, dim]` */
  readonly clsToken: Parameter;
  /** `[1, 1 + patches, dim]`, the class token's first; a buffer where they are fixed. */
  readonly posEmbed: Parameter | Buffer;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  private readonly pool: 'cls' | 'mean';

  /** @throws InvalidOptionError for sizes that do not divide or are not positive integers */
  constructor(options: VisionTransformerOptions) {
    super();
    checkOptions('VisionTransformer', options, visionTransformerOptionNames);
    const {
      key,
      patchSize,
      dim,
      depth,
      heads,
      mlpRatio = 4,
      qkvBias = true,
      pool = 'cls',
      inChannels = 3,
      dropPath = 0,
      positions = 'learnt',
      init = visionTransformerInit,
    } = options;
    const [height, width] =
      typeof options.imageSize === 'number' ? [options.imageSize, options.imageSize] : options.imageSize;
    const where = 'VisionTransformer';
    checkCount(where, { patchSize, dim, depth, heads, inChannels, height, width });
    if (height % patchSize !== 0 || width % patchSize !== 0) {
      throw new InvalidOptionError(where, 'imageSize', `a multiple of patchSize ${patchSize}`, `${height} x ${width}`);
    }
    if (dim % heads !== 0) throw new InvalidOptionError(where, 'dim', `a multiple of heads ${heads}`, dim);
    checkChoice(where, 'pool', pool, ['cls', 'mean']);
    checkChoice(where, 'positions', positions, ['learnt', 'sinCos']);

    checkOptions(where, init, visionTransformerInitNames, 'init');
    this.featureDim = dim;
    this.pool = pool;
    this.patchEmbed = new PatchEmbed({
      imageSize: [height, width],
      patchSize,
      inChannels,
      dim,
      key: foldIn(key, 'patch_embed'),
      weightInit: init.patchWeight,
    });
    this.clsToken = new Parameter(init.clsToken([1, 1, dim], foldIn(key, 'cls_token')));
    this.posEmbed =
      positions === 'learnt'
        ? new Parameter(normal(0.02)([1, 1 + this.patchEmbed.patches, dim], foldIn(key, 'pos_embed')))
        : new Buffer(sinCosPositions(dim, height / patchSize, width / patchSize));
    const linear = { weightInit: init.weight, biasInit: zeros };
    this.blocks = Array.from(
      { length: depth },
      (_, i) =>
        new TransformerBlock(dim, {
          ...linear,
          heads,
          mlpRatio,
          qkvBias,
          dropPath: (dropPath * i) / Math.max(1, depth - 1),
          key: foldIn(foldIn(key, 'blocks'), i),
        }),
    );
    this.norm = new LayerNorm(dim, { epsilon: 1e-6 });
  }

  /** All tokens after the final norm, `[batch, 1 + patches, dim]`, the class token first. */
  forwardTokens(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor3D {
    return this.norm.forward(this.encode(this.patchEmbed.forward(images), this.posEmbed.variable, ctx));
  }

  /**
   * Tokens of some patches of each image, as if the others were not there: what a masked autoencoder's encoder computes.
   *
   * @param images `[batch, height, width, channels]`
   * @param patches numbers of the patches, row by row from 0, int32 `[batch, count]`
   * @returns after the final norm, `[batch, 1 + count, dim]`, the class token first, then the patches in the given order
   */
  forwardPatches(images: tf.Tensor4D, patches: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor3D {
    const [batch, count] = patches.shape;
    const { patchEmbed, posEmbed, featureDim: dim } = this;
    const pixels = takeRows(patchEmbed.flatten(images), tf.reshape(patchRows(patches, patchEmbed.patches), [-1]));
    const tokens = tf.reshape(patchEmbed.project(pixels as tf.Tensor2D), [batch, count, dim]) as tf.Tensor3D;
    const table = tf.reshape(posEmbed.variable, [1 + patchEmbed.patches, dim]) as tf.Tensor2D;
    return this.norm.forward(this.encode(tokens, takeRows(table, tokenPlaces(patches)), ctx));
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    if (this.pool === 'cls') {
      // Of the last block, only the class token is computed.
      const cls = this.encode(this.patchEmbed.forward(images), this.posEmbed.variable, ctx, 1);
      return this.norm.forward(tf.reshape(cls, [cls.shape[0], this.featureDim]) as tf.Tensor2D);
    }
    const tokens = this.encode(this.patchEmbed.forward(images), this.posEmbed.variable, ctx);
    const [batch, count, dim] = tokens.shape;
    return tf.mean(tf.slice(this.norm.forward(tokens), [0, 1, 0], [batch, count - 1, dim]), 1);
  }

  /** The tokens before the final norm; with `outputs`, only so many of them, from the class token on. */
  private encode(patches: tf.Tensor3D, positions: tf.Tensor, ctx: ForwardContext, outputs?: number): tf.Tensor3D {
    // Added, not tiled: the gradient of tf.broadcastTo takes every copy by itself.
    const cls = tf.add(tf.zeros([patches.shape[0], 1, this.featureDim]), this.clsToken.variable) as tf.Tensor3D;
    let x = tf.add(tf.concat([cls, patches], 1), positions) as tf.Tensor3D;
    this.blocks.forEach((block, i) => {
      const isLast = i === this.blocks.length - 1;
      x = block.forward(x, childContext(ctx, i), undefined, isLast ? outputs : undefined);
    });
    return x;
  }
}

/** ViT-Tiny: 12 blocks of width 192, 3 heads. */
export const vitTiny = (options: VitVariantOptions): VisionTransformer => variant('vitTiny', options, 192, 3);
/** ViT-Small: 12 blocks of width 384, 6 heads. */
export const vitSmall = (options: VitVariantOptions): VisionTransformer => variant('vitSmall', options, 384, 6);

function variant(where: string, options: VitVariantOptions, dim: number, heads: number): VisionTransformer {
  const given = checkOptions(where, options, vitVariantOptionNames);
  return new VisionTransformer({ imageSize: 224, patchSize: 16, ...given, dim, depth: 12, heads });
}
