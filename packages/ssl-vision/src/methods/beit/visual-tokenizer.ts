import * as tf from '@tensorflow/tfjs-core';
import { Conv2d, Module } from '@selfsup/ssl-nn';
import { checkCount, foldIn, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { TokenizerBlock, tokenizerInit } from './tokenizer-block.js';

/** Options of {@link VisualTokenizer}. */
export interface VisualTokenizerOptions {
  readonly key: RandomKey;
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
  /** Side of a token in pixels, a power of two. Default 8. */
  readonly downsampling?: number;
  /** Number of different tokens. Default 8192. */
  readonly vocabulary?: number;
  /** Channels of the largest maps, a multiple of 4; each halving of the side doubles them. Default 256. */
  readonly width?: number;
  /** Width of the codebook's vectors. Default 128. */
  readonly codeWidth?: number;
  /** Residual blocks for each size of maps. Default 2. */
  readonly blocks?: number;
}

const visualTokenizerOptionNames: OptionNames<VisualTokenizerOptions> = {
  key: 'requiredKey',
  inChannels: 'optionalNumber',
  downsampling: 'optionalNumber',
  vocabulary: 'optionalNumber',
  width: 'optionalNumber',
  codeWidth: 'optionalNumber',
  blocks: 'optionalNumber',
};

/** Defaults of {@link VisualTokenizer}: DALL-E's (arXiv 2102.12092, appendix A.1), which BEiT takes. */
export const visualTokenizerDefaults = {
  inChannels: 3,
  downsampling: 8,
  vocabulary: 8192,
  width: 256,
  codeWidth: 128,
  blocks: 2,
} as const;

/**
 * {@link VisualTokenizer} for 28 to 64 pixels and patches of 4: small pictures have few patterns of 4 x 4 pixels, and of a
 * large vocabulary most tokens would not be met often enough to be learnt. Chosen, not cited.
 */
export const visualTokenizerSmall = { downsampling: 4, vocabulary: 256, width: 32, codeWidth: 64, blocks: 1 } as const;

/** What a decoder tells of each number of a picture: a Laplace distribution of its logit. */
export interface DecodedPixels {
  /** `[batch, height, width, channels]` */
  readonly mean: tf.Tensor4D;
  /** Logarithm of the scale, same shape. */
  readonly logScale: tf.Tensor4D;
}

/** Pixels of 0 .. 1 into what has a logit: `0.8 x + 0.1` (`map_pixels` of openai/DALL-E). */
export const mapPixels = (images: tf.Tensor4D): tf.Tensor4D => tf.add(tf.mul(images, 0.8), 0.1);

/**
 * Discrete variational autoencoder: pictures to a grid of tokens of a vocabulary, and back. Train it by {@link DiscreteVae};
 * it then is BEiT's tokenizer, and loads and saves as any module.
 *
 * Convolutions with ReLU in residual blocks, maxima of 2 x 2 down, nearest neighbours up, 1 x 1 where tokens are made and
 * read; the decoder's first convolution holds the codebook.
 *
 * Source: Ramesh et al. 2021 (arXiv 2102.12092), appendix A; `dall_e/encoder.py` and `decoder.py` of openai/DALL-E.
 */
export class VisualTokenizer extends Module {
  readonly inChannels: number;
  readonly downsampling: number;
  readonly vocabulary: number;
  readonly encoder: { readonly input: Conv2d; readonly groups: readonly TokenizerBlock[][]; readonly output: Conv2d };
  readonly decoder: { readonly input: Conv2d; readonly groups: readonly TokenizerBlock[][]; readonly output: Conv2d };

  /** @throws InvalidOptionError for counts that are not positive integers, a side that is no power of two, a width not of fours */
  constructor(options: VisualTokenizerOptions) {
    super();
    const where = 'VisualTokenizer';
    const all = { ...visualTokenizerDefaults, ...checkOptions(where, options, visualTokenizerOptionNames) };
    const { key, inChannels, downsampling, vocabulary, width, codeWidth, blocks } = all;
    checkCount(where, { inChannels, downsampling, vocabulary, width, codeWidth, blocks });
    const halvings = Math.log2(downsampling);
    if (!Number.isInteger(halvings))
      throw new InvalidOptionError(where, 'downsampling', 'a power of two', downsampling);
    if (width % 4 !== 0) throw new InvalidOptionError(where, 'width', 'a multiple of 4', width);
    this.inChannels = inChannels;
    this.downsampling = downsampling;
    this.vocabulary = vocabulary;
    const widths = Array.from({ length: halvings + 1 }, (_, level) => width * 2 ** level);
    const gain = 1 / (widths.length * blocks) ** 2;
    const groups = (part: string, first: number, all: readonly number[], kernels: readonly number[]) =>
      all.map((out, level) =>
        Array.from({ length: blocks }, (_, block) => {
          const from = block > 0 ? out : (all[level - 1] ?? first);
          const own = foldIn(foldIn(foldIn(key, part), level), block);
          return new TokenizerBlock(from, out, { kernels, gain, key: own });
        }),
      );
    const conv = (from: number, to: number, kernelSize: number, name: string): Conv2d =>
      new Conv2d(from, to, { ...tokenizerInit, kernelSize, padding: (kernelSize - 1) / 2, key: foldIn(key, name) });
    this.encoder = {
      input: conv(inChannels, width, 7, 'encoder.input'),
      groups: groups('encoder', width, widths, [3, 3, 3, 1]),
      output: conv(widths.at(-1)!, vocabulary, 1, 'encoder.output'),
    };
    this.decoder = {
      input: conv(vocabulary, codeWidth, 1, 'decoder.input'),
      groups: groups('decoder', codeWidth, widths.toReversed(), [1, 3, 3, 3]),
      output: conv(width, 2 * inChannels, 1, 'decoder.output'),
    };
  }

  /**
   * Scores of the tokens of each place.
   *
   * @param images `[batch, height, width, channels]`, 0 .. 1
   * @returns `[batch, height / downsampling, width / downsampling, vocabulary]`
   * @throws ShapeError for sides that are not multiples of `downsampling`, and for other channels
   */
  logits(images: tf.Tensor4D): tf.Tensor4D {
    const { input, groups, output } = this.encoder;
    this.checkImages(images);
    let x = input.forward(mapPixels(images));
    groups.forEach((group, level) => {
      if (level > 0) x = tf.maxPool(x, 2, 2, 'valid');
      x = group.reduce((h, block) => block.forward(h), x);
    });
    return output.forward(tf.relu(x));
  }

  /**
   * The most likely token of each place.
   *
   * @param images as of {@link logits}
   * @returns int32 `[batch, places]`, row by row
   */
  tokens(images: tf.Tensor4D): tf.Tensor2D {
    const logits = this.logits(images);
    return tf.reshape(tf.argMax(logits, 3), [images.shape[0], -1]) as tf.Tensor2D;
  }

  /**
   * Pictures from tokens.
   *
   * @param codes shares of the vocabulary at each place, `[batch, rows, columns, vocabulary]`; of one token, one-hot
   */
  decode(codes: tf.Tensor4D): DecodedPixels {
    const { input, groups, output } = this.decoder;
    let x = input.forward(codes);
    groups.forEach((group, level) => {
      if (level > 0) x = doubled(x);
      x = group.reduce((h, block) => block.forward(h), x);
    });
    const [mean, logScale] = tf.split(output.forward(tf.relu(x)), 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    return { mean, logScale };
  }

  /**
   * What is left of pictures in their tokens.
   *
   * @param images as of {@link logits}
   * @returns same shape, 0 .. 1
   */
  reconstruct(images: tf.Tensor4D): tf.Tensor4D {
    const logits = this.logits(images);
    const codes = tf.oneHot(tf.argMax(logits, 3) as tf.Tensor3D, this.vocabulary, 1, 0, 'float32') as tf.Tensor4D;
    return tf.clipByValue(tf.div(tf.sub(tf.sigmoid(this.decode(codes).mean), 0.1), 0.8), 0, 1);
  }

  private checkImages(images: tf.Tensor4D): void {
    const { inChannels, downsampling } = this;
    const form = `[batch, height, width, ${inChannels}] with sides that are multiples of ${downsampling}`;
    checkIsTensor('VisualTokenizer', 'images', images, form);
    const [, height, width, channels] = images.shape;
    if (images.rank !== 4 || channels !== inChannels || height % downsampling !== 0 || width % downsampling !== 0)
      throw new ShapeError(
        'VisualTokenizer',
        'images',
        form,
        `[${(images as tf.Tensor).shape.join(', ')}]`,
        images.rank === 4 && channels !== inChannels
          ? `Build the tokenizer with inChannels: ${channels} for such pictures`
          : undefined,
      );
  }
}

/** Each pixel as a square of four: `[batch, h, w, c]` to `[batch, 2 * h, 2 * w, c]`. */
function doubled(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const wide = tf.reshape(tf.concat([x, x], 3), [batch, height, 2 * width * channels]);
  return tf.reshape(tf.concat([wide, wide], 2), [batch, 2 * height, 2 * width, channels]);
}
