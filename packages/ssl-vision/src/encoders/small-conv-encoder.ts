import * as tf from '@tensorflow/tfjs-core';
import {
  BatchNorm,
  Conv2d,
  Module,
  Relu,
  Sequential,
  checkAscending,
  checkParameterName,
  evaluation,
} from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Layered, MapEncoder, MapOptions, MapStage } from '@selfsup/ssl-nn';
import { InvalidOptionError, foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { mapOptionNames } from './map-option-names.js';

/** Defaults of {@link SmallConvEncoder}: four convolutions, 28 x 28 pixels become 4 x 4. */
export const smallConvDefaults = { inChannels: 1, channels: [32, 64, 128, 256], strides: [1, 2, 2, 2] } as const;

/** Options of {@link SmallConvEncoder}. */
export interface SmallConvOptions {
  readonly key: RandomKey;
  /** Channels of the images. Default 1. */
  readonly inChannels?: number;
  /** Channels after each convolution. Default 32, 64, 128, 256. */
  readonly channels?: readonly number[];
  /** Stride of each convolution. Default 1, 2, 2, 2. */
  readonly strides?: readonly number[];
}

const smallConvOptionNames: OptionNames<SmallConvOptions> = {
  key: 'requiredKey',
  inChannels: 'optionalNumber',
  channels: 'optional',
  strides: 'optional',
};

/**
 * A few 3 x 3 convolutions (padding 1, no bias), each with batch normalisation and ReLU, then the mean over all
 * positions: for small images and quick runs. State dict as PyTorch's `Sequential` under `n`: `n.0.weight`, `n.1.weight`,
 * `n.3.weight`, ... Every convolution is a stage of maps, and the first one is the stem, each other one a block.
 *
 * @throws InvalidOptionError where `channels` and `strides` differ in length or hold anything but positive integers
 */
export class SmallConvEncoder extends Module implements Encoder, MapEncoder, Layered {
  readonly featureDim: number;
  /** Convolution, normalisation and ReLU, over and over. */
  readonly n: Sequential;
  readonly stages: readonly MapStage[];

  constructor(options: SmallConvOptions) {
    super();
    const { key, inChannels, channels, strides } = {
      ...smallConvDefaults,
      ...checkOptions('SmallConvEncoder', options, smallConvOptionNames),
    };
    const positive = (values: readonly number[]): boolean =>
      Array.isArray(values) && values.length > 0 && values.every((value) => Number.isInteger(value) && value > 0);
    if (!positive(channels))
      throw new InvalidOptionError('SmallConvEncoder', 'channels', 'one or more positive integers', channels);
    if (!positive(strides) || strides.length !== channels.length) {
      throw new InvalidOptionError(
        'SmallConvEncoder',
        'strides',
        `${channels.length} positive integers, one for each convolution`,
        strides,
      );
    }
    this.n = new Sequential(
      channels.flatMap((out, i) => [
        new Conv2d(channels[i - 1] ?? inChannels, out, {
          kernelSize: 3,
          stride: strides[i]!,
          padding: 1,
          bias: false,
          key: foldIn(key, i),
        }),
        new BatchNorm(out),
        new Relu(),
      ]),
    );
    this.featureDim = channels.at(-1)!;
    let stride = 1;
    this.stages = channels.map((out, i) => ({ stride: (stride *= strides[i]!), channels: out }));
  }

  get layerCount(): number {
    return this.stages.length + 1;
  }

  layerOf(name: string): number {
    checkParameterName('SmallConvEncoder.layerOf', this, name);
    return Math.floor(Number(name.split('.')[1]) / 3);
  }

  maps(images: tf.Tensor4D, ctx: ForwardContext = evaluation, options: MapOptions = {}): tf.Tensor4D[] {
    const { stages = this.stages.map((_, i) => i) } = checkOptions('SmallConvEncoder.maps', options, mapOptionNames);
    checkAscending('SmallConvEncoder.maps', 'stages', stages, 0, this.stages.length - 1);
    let x = images;
    return stages.map((stage, i) => {
      // Three layers a stage. They draw nothing, so a chain of some of them equals that part of the whole.
      const from = i === 0 ? 0 : 3 * (stages[i - 1]! + 1);
      x = new Sequential(this.n.layers.slice(from, 3 * (stage + 1))).forward(x, ctx) as tf.Tensor4D;
      return x;
    });
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.pooled(this.n.forward(images, ctx) as tf.Tensor4D);
  }

  pooled(map: tf.Tensor4D): tf.Tensor2D {
    return tf.mean(map, [1, 2]);
  }
}
