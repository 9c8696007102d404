import * as tf from '@tensorflow/tfjs-core';
import {
  Buffer,
  LayerNorm,
  Module,
  Parameter,
  TransformerBlock,
  checkAscending,
  checkParameterName,
  childContext,
  evaluation,
  normal,
  torchWeight,
  zeros,
} from '@selfsup/ssl-nn';
import type {
  Encoder,
  ForwardContext,
  Initialiser,
  Layered,
  TokenEncoder,
  TokenOptions,
  Tokens,
} from '@selfsup/ssl-nn';
import { checkChoice, checkCount, foldIn, InvalidOptionError, ShapeError, takeRows } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { gridPositions } from './grid-positions.js';
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
  /**
   * Height and width of most images, or one number for both. A multiple of `patchSize`. For images of another size the
   * positions are interpolated.
   */
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
  /** With a token that stands in for masked patches (`mask_token`), which `encode` with `mask` needs. Default false. */
  readonly maskToken?: boolean;
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
  maskToken: 'optionalFlag',
  init: 'optional',
};

const tokenOptionNames: OptionNames<TokenOptions> = {
  keep: 'optional',
  mask: 'optional',
  blocks: 'optional',
  norm: 'optionalFlag',
};

/** Options of the named ViTs. Default: 224 pixels in patches of 16. */
export type VitVariantOptions = Pick<
  VisionTransformerOptions,
  'key' | 'pool' | 'inChannels' | 'dropPath' | 'maskToken'
> & {
  readonly imageSize?: number | readonly [number, number];
  readonly patchSize?: number;
};

const vitVariantOptionNames: OptionNames<VitVariantOptions> = {
  key: 'requiredKey',
  pool: 'optional',
  inChannels: 'optionalNumber',
  dropPath: 'optionalNumber',
  maskToken: 'optionalFlag',
  imageSize: 'optional',
  patchSize: 'optionalNumber',
};

/**
 * Vision transformer without its classifier: patches and a class token, positions, pre-norm blocks, a final
 * layer norm over all tokens. Images of another size than `imageSize` run, too: positions are interpolated as
 * `resizePositions` does, in a trace of their own inside `compile()`. Weights of another size load after
 * `resizePositions`. State dict and initialisation (normal of deviation 0.02, zero biases) as timm's
 * `VisionTransformer` less `head`; with `pool: 'mean'` as timm's with `global_pool='avg', fc_norm=False`.
 *
 * Source: Dosovitskiy et al. 2020 (arXiv 2010.11929); Touvron et al. 2020 (arXiv 2012.12877) for tiny and small;
 * `timm/models/vision_transformer.py`.
 */
export class VisionTransformer extends Module implements Encoder, TokenEncoder, Layered {
  static override readonly fieldNames = {
    patchEmbed: 'patch_embed',
    clsToken: 'cls_token',
    maskToken: 'mask_token',
    posEmbed: 'pos_embed',
  };
  readonly featureDim: number;
  readonly patchEmbed: PatchEmbed;
  /** `[1, 1, dim]` */
  readonly clsToken: Parameter;
  /** `[1, 1, dim]`, in place of masked patches; none unless the option says so. */
  readonly maskToken: Parameter | undefined;
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
      maskToken = false,
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
    this.maskToken = maskToken ? new Parameter(normal(0.02)([1, 1, dim], foldIn(key, 'mask_token'))) : undefined;
    const [rows, columns] = this.patchEmbed.grid;
    const advice = (name: string): string =>
      `Positions of another grid of patches fit by state.set('${name}', resizePositions(state.get('${name}'), { to: [${rows}, ${columns}] }))`;
    this.posEmbed =
      positions === 'learnt'
        ? new Parameter(normal(0.02)([1, 1 + rows * columns, dim], foldIn(key, 'pos_embed')), { advice })
        : new Buffer(sinCosPositions(dim, rows, columns), { advice });
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

  get tokenDim(): number {
    return this.featureDim;
  }

  get depth(): number {
    return this.blocks.length;
  }

  get layerCount(): number {
    return this.depth + 2;
  }

  layerOf(name: string): number {
    checkParameterName('VisionTransformer.layerOf', this, name);
    const block = /^blocks\.(\d+)\./.exec(name)?.[1];
    if (block !== undefined) return Number(block) + 1;
    return name.startsWith('norm.') ? this.layerCount - 1 : 0;
  }

  /**
   * Tokens: of all patches, or of some as if the others were not there, with masked ones, after chosen blocks. The prefix
   * is the class token.
   *
   * @param images `[batch, height, width, channels]`, normalised, of any size that is a multiple of the patch size
   * @throws InvalidOptionError for blocks that are not there, and for `mask` without the option `maskToken`; ShapeError for
   *   images that do not fit, and for `keep` and `mask` that are not `[batch, kept]` and `[batch, patches]`
   */
  encode(images: tf.Tensor4D, ctx: ForwardContext = evaluation, options: TokenOptions = {}): Tokens {
    const where = 'VisionTransformer.encode';
    const { keep, mask, norm = true, ...chosen } = checkOptions(where, options, tokenOptionNames);
    const blocks = chosen.blocks ?? [this.depth];
    checkAscending(where, 'blocks', blocks, 0, this.depth);
    const grid = this.patchEmbed.gridOf(images);
    const states = this.run(this.embed(images, keep, mask), ctx, blocks);
    const outputs = norm ? states.map((state) => this.norm.forward(state)) : states;
    return {
      tokens: outputs.at(-1)!,
      blocks: outputs,
      prefix: 1,
      grid,
      ...(keep === undefined ? {} : { kept: keep }),
      ...(mask === undefined ? {} : { mask }),
    };
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const last = [this.depth];
    if (this.pool === 'cls') {
      // Of the last block, only the class token is computed.
      const [cls] = this.run(this.embed(images), ctx, last, 1);
      return this.norm.forward(tf.reshape(cls!, [cls!.shape[0], this.featureDim]) as tf.Tensor2D);
    }
    const [tokens] = this.run(this.embed(images), ctx, last);
    const [batch, count, dim] = tokens!.shape;
    return tf.mean(tf.slice(this.norm.forward(tokens!), [0, 1, 0], [batch, count - 1, dim]), 1);
  }

  /** What enters the first block: the class token and the patches, each with its position. */
  private embed(images: tf.Tensor4D, keep?: tf.Tensor2D, mask?: tf.Tensor2D): tf.Tensor3D {
    const { patchEmbed, featureDim: dim } = this;
    const [batch] = images.shape;
    const grid = patchEmbed.gridOf(images);
    const places = grid[0] * grid[1];
    if (keep !== undefined) checkMarks('keep', keep, [batch, undefined]);
    if (mask !== undefined) checkMarks('mask', mask, [batch, places]);
    // The patches of all images lie below each other.
    const rows = keep && (tf.reshape(patchRows(keep, places), [-1]) as tf.Tensor1D);
    const flat = patchEmbed.flatten(images);
    const projected = patchEmbed.project(rows === undefined ? flat : (takeRows(flat, rows) as tf.Tensor2D));
    let patches = tf.reshape(projected, [batch, -1, dim]) as tf.Tensor3D;
    if (mask !== undefined) {
      if (this.maskToken === undefined) {
        const advice = 'Build the VisionTransformer with maskToken: true';
        throw new InvalidOptionError('VisionTransformer.encode', 'mask', 'left out without a mask token', mask, advice);
      }
      const marks = tf.reshape(tf.cast(mask, 'float32'), [batch * places, 1]) as tf.Tensor2D;
      const own = tf.reshape(rows === undefined ? marks : takeRows(marks, rows), [batch, -1, 1]);
      patches = tf.add(tf.mul(patches, tf.sub(1, own)), tf.mul(own, this.maskToken.variable));
    }
    // Added, not tiled: the gradient of tf.broadcastTo takes every copy by itself.
    const cls = tf.add(tf.zeros([batch, 1, dim]), this.clsToken.variable) as tf.Tensor3D;
    const table = gridPositions(this.posEmbed.variable as tf.Tensor as tf.Tensor3D, patchEmbed.grid, grid);
    const positions =
      keep === undefined ? table : takeRows(tf.reshape(table, [1 + places, dim]) as tf.Tensor2D, tokenPlaces(keep));
    return tf.add(tf.concat([cls, patches], 1), positions);
  }

  /** Tokens after the wanted blocks, before the final norm; with `outputs`, only so many of the last block's, from the class token on. */
  private run(embedded: tf.Tensor3D, ctx: ForwardContext, wanted: readonly number[], outputs?: number): tf.Tensor3D[] {
    let x = embedded;
    const states = wanted[0] === 0 ? [x] : [];
    this.blocks.slice(0, wanted.at(-1)).forEach((block, i) => {
      x = block.forward(x, childContext(ctx, i), undefined, i === this.depth - 1 ? outputs : undefined);
      if (wanted.includes(i + 1)) states.push(x);
    });
    return states;
  }
}

/** @throws ShapeError unless `marks` is a tensor of that shape; undefined: any size */
function checkMarks(option: string, marks: tf.Tensor, [batch, size]: readonly [number, number | undefined]): void {
  const expected = `[${batch}, ${size ?? 'kept'}]`;
  checkIsTensor('VisionTransformer.encode', option, marks, expected);
  if (marks.rank !== 2 || marks.shape[0] !== batch || (size !== undefined && marks.shape[1] !== size))
    throw new ShapeError('VisionTransformer.encode', option, expected, `[${marks.shape.join(', ')}]`);
}

/** ViT-Tiny: 12 blocks of width 192, 3 heads. */
export const vitTiny = (options: VitVariantOptions): VisionTransformer => variant('vitTiny', options, 192, 3);
/** ViT-Small: 12 blocks of width 384, 6 heads. */
export const vitSmall = (options: VitVariantOptions): VisionTransformer => variant('vitSmall', options, 384, 6);

function variant(where: string, options: VitVariantOptions, dim: number, heads: number): VisionTransformer {
  const given = checkOptions(where, options, vitVariantOptionNames);
  return new VisionTransformer({ imageSize: 224, patchSize: 16, ...given, dim, depth: 12, heads });
}
