import * as tf from '@tensorflow/tfjs-core';
import {
  Buffer,
  checkParameterName,
  childContext,
  Embedding,
  evaluation,
  Module,
  normal,
  Parameter,
  RmsNorm,
  TransformerBlock,
  zeros,
} from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Layered, Linear } from '@selfsup/ssl-nn';
import { checkCount, checkInteger, foldIn, InvalidOptionError, isNdArray, ShapeError } from '@selfsup/ssl-tensor';
import type { NdArray, RandomKey } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { runBlock } from '../../encoders/run-block.js';

/** Options of {@link PixelTransformer}. */
export interface PixelTransformerOptions {
  readonly key: RandomKey;
  /** Colours that pixels are rounded to, normalised, `[colours, channels]`: of `fitPalette`. */
  readonly palette: NdArray<Float32Array>;
  /** Side of the pictures, whose pixels are the tokens. */
  readonly imageSize: number;
  /** Width of a token, a multiple of `heads`. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  /** A pixel sees those before it alone, row by row; false: all, for the objective of BERT. Default true. */
  readonly causal?: boolean;
  /** Block whose normalised input features are the mean of, 0 to `depth` (after the last). Default the middle. */
  readonly featureBlock?: number;
  /** While training, compute each block again for its gradient: less memory, more time. Default false. */
  readonly checkpointBlocks?: boolean;
}

const pixelTransformerOptionNames: OptionNames<PixelTransformerOptions> = {
  key: 'requiredKey',
  palette: 'required',
  imageSize: 'requiredNumber',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
  causal: 'optionalFlag',
  featureBlock: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
};

/** Sizes of {@link PixelTransformer}: iGPT-S, M and L (Chen et al. 2020, section 3.3), of 32, 48 and 64 pixels there. */
export const iGptSizes = {
  small: { dim: 512, depth: 24, heads: 8 },
  medium: { dim: 1024, depth: 36, heads: 8 },
  large: { dim: 1536, depth: 48, heads: 16 },
} as const;

/** {@link PixelTransformer} for 16 to 32 pixels on few cores, with 64 colours or so. Chosen, not cited. */
export const pixelTransformerSmall = { dim: 128, depth: 6, heads: 4 } as const;

/**
 * iGPT's transformer: pixels rounded to a palette and read row by row as a text, pre-norm blocks by root mean squares,
 * features from the middle. A start token comes before the first pixel and the last one is left out, so that a place has
 * what foretells its pixel; where all are seen (`causal: false`) neither.
 *
 * Source: Chen et al. 2020, Generative Pretraining from Pixels, section 2 and 3; src/model.py of openai/image-gpt, whose
 * initialisation it has. Deviates: GELU is exact and not `x sigmoid(1.702 x)`; linear layers but that of queries, keys and
 * values have biases, from 0.
 */
export class PixelTransformer extends Module implements Encoder, Layered {
  readonly featureDim: number;
  readonly causal: boolean;
  readonly colours: number;
  /** `[colours, channels]` */
  readonly palette: Buffer;
  readonly embedding: Embedding;
  /** `[1, 1, dim]`; none where all pixels are seen. */
  readonly start: Parameter | undefined;
  /** `[1, pixels, dim]` */
  readonly positions: Parameter;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: RmsNorm;
  private readonly imageSize: number;
  private readonly featureBlock: number;
  private readonly checkpoints: boolean;

  /** @throws InvalidOptionError for numbers out of range and a palette that is none */
  constructor(options: PixelTransformerOptions) {
    super();
    const where = 'PixelTransformer';
    const given = checkOptions(where, options, pixelTransformerOptionNames);
    const { key, palette, imageSize, dim, depth, heads, causal = true, checkpointBlocks = false } = given;
    checkCount(where, { imageSize, dim, depth, heads });
    if (dim % heads !== 0) throw new InvalidOptionError(where, 'dim', `a multiple of heads ${heads}`, dim);
    const { featureBlock = Math.floor(depth / 2) } = given;
    checkInteger(where, 'featureBlock', featureBlock, 0, depth);
    const isPalette = isNdArray(palette) && palette.data instanceof Float32Array && palette.shape.length === 2;
    if (!isPalette || palette.shape[0]! < 2) {
      const advice = 'Such as fitPalette(images, { key, normalize, colours: 64 })';
      throw new InvalidOptionError(
        where,
        'palette',
        'float32 [colours, channels] of two colours or more',
        palette,
        advice,
      );
    }
    this.featureDim = dim;
    this.causal = causal;
    this.colours = palette.shape[0]!;
    this.imageSize = imageSize;
    this.featureBlock = featureBlock;
    this.checkpoints = checkpointBlocks;
    this.palette = new Buffer(palette);
    this.embedding = new Embedding(this.colours, dim, { weightInit: normal(0.02), key: foldIn(key, 'embedding') });
    this.start = causal ? new Parameter(normal(0.02)([1, 1, dim], foldIn(key, 'start'))) : undefined;
    this.positions = new Parameter(normal(0.01)([1, imageSize ** 2, dim], foldIn(key, 'positions')));
    this.blocks = Array.from({ length: depth }, (_, at) => {
      const own = foldIn(foldIn(key, 'blocks'), at);
      const init = { weightInit: normal(0.02), biasInit: zeros };
      const block = new TransformerBlock(dim, {
        ...init,
        key: own,
        heads,
        causal,
        norm: 'rms',
        epsilon: 1e-5,
        qkvBias: false,
      });
      const restart = ({ weight }: Linear, deviation: number, name: string): void =>
        weight.write(normal(deviation)(weight.referenceShape, foldIn(own, name)));
      restart(block.attn.qkv!, 1 / Math.sqrt(dim), 'qkv');
      restart(block.attn.proj, 1 / Math.sqrt(dim * depth), 'proj');
      return block;
    });
    this.norm = new RmsNorm(dim, { epsilon: 1e-5 });
  }

  get layerCount(): number {
    return this.blocks.length + 2;
  }

  layerOf(name: string): number {
    checkParameterName('PixelTransformer.layerOf', this, name);
    const block = /^blocks\.(\d+)\./.exec(name)?.[1];
    if (block !== undefined) return Number(block) + 1;
    return name.startsWith('norm.') ? this.layerCount - 1 : 0;
  }

  /**
   * The nearest colour of each pixel.
   *
   * @param images `[batch, imageSize, imageSize, channels]`, normalised
   * @returns int32 `[batch, pixels]`, row by row
   * @throws ShapeError for images of another size or other channels
   */
  tokens(images: tf.Tensor4D): tf.Tensor2D {
    const { imageSize: side, palette } = this;
    const channels = palette.variable.shape[1]!;
    const form = `[batch, ${side}, ${side}, ${channels}], such as images resized to that`;
    checkIsTensor('PixelTransformer', 'images', images, form);
    const { shape } = images as tf.Tensor;
    if (shape.length !== 4 || shape[1] !== side || shape[2] !== side || shape[3] !== channels)
      throw new ShapeError(
        'PixelTransformer',
        'images',
        form,
        `[${shape.join(', ')}]`,
        shape.length === 4 && shape[3] !== channels
          ? `Give the encoder a palette of such pictures: fitPalette(pictures of ${shape[3]!} channels)`
          : `Give the loader views of that size, such as maeViews({ size: ${side} })`,
      );
    const means = palette.variable as tf.Tensor as tf.Tensor2D;
    const products = tf.matMul(tf.reshape(images, [-1, channels]) as tf.Tensor2D, means, false, true);
    // A pixel's own length moves no minimum.
    const apart = tf.sub(tf.reshape(tf.sum(tf.square(means), 1), [1, this.colours]), tf.mul(products, 2));
    return tf.reshape(tf.argMin(apart, 1), [shape[0], side * side]) as tf.Tensor2D;
  }

  /**
   * Hidden states of each place.
   *
   * @param tokens int32 `[batch, pixels]`
   * @param mask `[batch, pixels]`, 1 = not seen; only where not `causal`. Default: all seen
   * @param block input of this block, normalised as its attention sees it; `depth` (the default): after the last
   * @returns `[batch, pixels, dim]`
   */
  encode(
    tokens: tf.Tensor2D,
    ctx: ForwardContext = evaluation,
    mask?: tf.Tensor2D,
    block = this.blocks.length,
  ): tf.Tensor3D {
    const [batch, pixels] = tokens.shape;
    const { featureDim: dim } = this;
    let x = this.embedding.forward(tokens) as tf.Tensor3D;
    if (this.start !== undefined) {
      const start = tf.add(tf.zeros([batch, 1, dim]), this.start.variable) as tf.Tensor3D;
      x = tf.concat([start, tf.slice(x, [0, 0, 0], [batch, pixels - 1, dim])], 1);
    } else if (mask !== undefined) {
      x = tf.mul(x, tf.expandDims(tf.sub(1, mask), 2));
    }
    x = tf.add(x, this.positions.variable);
    this.blocks.slice(0, block).forEach((one, at) => {
      const part = { forward: (h: tf.Tensor3D, own: ForwardContext) => one.forward(h, own) };
      x = runBlock(part, x, childContext(ctx, at), this.checkpoints);
    });
    return (this.blocks[block]?.norm1 ?? this.norm).forward(x);
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return tf.mean(this.encode(this.tokens(images), ctx, undefined, this.featureBlock), 1);
  }
}
