import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, childContext, Conv2d, evaluation, Linear, Module } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { checkCount, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Options of {@link ConvDecoder}. */
export interface ConvDecoderOptions {
  readonly key: RandomKey;
  /** Height and width of the pictures, multiples of `2 ** channels.length`; one number for both. */
  readonly imageSize: number | readonly [number, number];
  /** Channels of the pictures. Default 3. */
  readonly outChannels?: number;
  /** Channels of each map that is doubled, the smallest map first. Default [64, 32]. */
  readonly channels?: readonly number[];
}

const convDecoderOptionNames: OptionNames<ConvDecoderOptions> = {
  key: 'requiredKey',
  imageSize: 'required',
  outChannels: 'optionalNumber',
  channels: 'optional',
};

/** Defaults of {@link ConvDecoder}. */
export const convDecoderDefaults = { outChannels: 3, channels: [64, 32] } as const;

/**
 * Pictures from features: a linear layer to a small map, then for each level batch norm, ReLU and a doubling (a transposed
 * convolution of 2 x 2 with stride 2, as a linear layer and a shuffle), last a convolution of 3 x 3.
 */
export class ConvDecoder extends Module {
  readonly embed: Linear;
  readonly norms: readonly BatchNorm[];
  readonly doubles: readonly Linear[];
  readonly pred: Conv2d;
  private readonly smallest: readonly [number, number, number];

  /**
   * @param inDim width of the features
   * @throws InvalidOptionError for counts that are not positive, and for a size that the doublings do not reach
   */
  constructor(inDim: number, options: ConvDecoderOptions) {
    super();
    const where = 'ConvDecoder';
    const { key, imageSize, outChannels, channels } = {
      ...convDecoderDefaults,
      ...checkOptions(where, options, convDecoderOptionNames),
    };
    if (!Array.isArray(channels) || channels.length === 0)
      throw new InvalidOptionError(where, 'channels', 'one or more counts', channels);
    const [height, width] = typeof imageSize === 'number' ? [imageSize, imageSize] : imageSize;
    checkCount(where, { inDim, outChannels, height, width });
    channels.forEach((count, at) => checkCount(where, { [`channels[${at}]`]: count }));
    const factor = 2 ** channels.length;
    if (height % factor !== 0 || width % factor !== 0) {
      const advice = 'Give as many channels as the sides can be halved';
      throw new InvalidOptionError(where, 'imageSize', `multiples of ${factor}`, `${height} x ${width}`, advice);
    }
    const first: number = channels[0]!;
    this.smallest = [height / factor, width / factor, first];
    const [rows, columns] = this.smallest;
    this.embed = new Linear(inDim, rows * columns * first, { key: foldIn(key, 'embed') });
    this.norms = channels.map((count: number) => new BatchNorm(count));
    this.doubles = channels.map(
      (count: number, at) =>
        new Linear(count, 4 * (channels[at + 1] ?? count), { key: foldIn(foldIn(key, 'doubles'), at) }),
    );
    this.pred = new Conv2d(channels.at(-1)!, outChannels, { kernelSize: 3, padding: 1, key: foldIn(key, 'pred') });
  }

  /**
   * @param features `[batch, inDim]`
   * @returns `[batch, height, width, outChannels]`
   */
  forward(features: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor4D {
    let x = tf.reshape<tf.Rank.R4>(this.embed.forward(features), [features.shape[0], ...this.smallest]);
    this.norms.forEach((norm, at) => {
      const maps = tf.relu(norm.forward(x, childContext(ctx, at)) as tf.Tensor4D);
      x = shuffled(this.doubles[at]!.forward(maps) as tf.Tensor4D);
    });
    return this.pred.forward(tf.relu(x));
  }
}

/** `[batch, h, w, 4 * c]` to `[batch, 2 * h, 2 * w, c]`: four groups of channels are the squares of two by two pixels. */
function shuffled(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const strips = tf.reshape(x, [batch * height, width, 2, channels / 2]);
  return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [batch, 2 * height, 2 * width, channels / 4]);
}
