import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, checkAscending, childContext, Conv2d, evaluation, Module } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, MapEncoder, MapOptions, MapStage } from '@selfsup/ssl-nn';
import { checkCount, foldIn, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { mapOptionNames } from '../../encoders/map-option-names.js';
import { AmdimBlock } from './amdim-block.js';

/** Options of {@link AmdimEncoder}. */
export interface AmdimEncoderOptions {
  readonly key: RandomKey;
  /** Side of the pictures. */
  readonly imageSize: 32 | 64 | 128;
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
  /** Channels of the first map. Default 192. */
  readonly width?: number;
  /** Blocks of each size of maps. Default 8. */
  readonly depth?: number;
  /** Width of the features. Default 1536. */
  readonly outDim?: number;
}

const amdimEncoderOptionNames: OptionNames<AmdimEncoderOptions> = {
  key: 'requiredKey',
  imageSize: 'requiredNumber',
  inChannels: 'optionalNumber',
  width: 'optionalNumber',
  depth: 'optionalNumber',
  outDim: 'optionalNumber',
};

/** Defaults of {@link AmdimEncoder}: the authors' command for ImageNet at 128 pixels (README of amdim-public). */
export const amdimEncoderDefaults = { inChannels: 3, width: 192, depth: 8, outDim: 1536 } as const;

/** {@link AmdimEncoder} for pictures of 32 and 64 pixels on few cores. Chosen, not cited. */
export const amdimEncoderSmall = { width: 32, depth: 1, outDim: 256 } as const;

/** Of each size of pictures: `[widths, side, stride]` of the blocks after the stem, over `width`; the third gives 7 x 7, the fourth 5 x 5. */
const plans = {
  32: [
    [1, 1, 1],
    [2, 4, 2],
    [4, 2, 2],
    [4, 3, 1],
    [4, 3, 1],
  ],
  64: [
    [2, 4, 2],
    [4, 4, 2],
    [8, 2, 2],
    [8, 3, 1],
    [8, 3, 1],
  ],
  128: [
    [2, 4, 2],
    [4, 4, 2],
    [8, 2, 2],
    [8, 3, 1],
    [8, 3, 1],
  ],
} as const;

/**
 * AMDIM's encoder: residual blocks without padding, so that a place of a map has seen its own part of the picture alone, down
 * to maps of 7 x 7, 5 x 5 and 1 x 1, which are its stages and the last of which are its features, after batch norm.
 *
 * Sizes of maps are those of convolutions without padding, less than `ceil(side / stride)`.
 *
 * Source: Bachman et al. 2019 (arXiv 1906.00910), section 3 and appendix; `Encoder` of Philip-Bachman/amdim-public with
 * `use_bn=False`.
 */
export class AmdimEncoder extends Module implements Encoder, MapEncoder {
  readonly featureDim: number;
  readonly stages: readonly MapStage[];
  readonly stem: readonly Conv2d[];
  readonly blocks: readonly AmdimBlock[][];
  readonly last: AmdimBlock;
  readonly norm: BatchNorm;
  private readonly imageSize: 32 | 64 | 128;
  private readonly inChannels: number;

  /** @throws InvalidOptionError for another size, and counts that are not positive integers */
  constructor(options: AmdimEncoderOptions) {
    super();
    const where = 'AmdimEncoder';
    const all = { ...amdimEncoderDefaults, ...checkOptions(where, options, amdimEncoderOptionNames) };
    const { key, imageSize, inChannels, width, depth, outDim } = all;
    if (!Object.hasOwn(plans, imageSize)) throw new InvalidOptionError(where, 'imageSize', '32, 64 or 128', imageSize);
    checkCount(where, { inChannels, width, depth, outDim });
    this.imageSize = imageSize;
    this.inChannels = inChannels;
    const plan = plans[imageSize];
    const conv = (from: number, kernelSize: number, stride: number, at: number): Conv2d =>
      new Conv2d(from, width, { kernelSize, stride, key: foldIn(foldIn(key, 'stem'), at) });
    this.stem = imageSize === 128 ? [conv(inChannels, 5, 2, 0), conv(width, 3, 1, 1)] : [conv(inChannels, 3, 1, 0)];
    this.blocks = plan.map(([wide, kernelSize, stride], level) => {
      const [from, to] = [(plan[level - 1]?.[0] ?? 1) * width, wide * width];
      // The first of the smallest pictures' is one block.
      return Array.from({ length: kernelSize === 1 ? 1 : depth }, (_, at) => {
        const own = foldIn(foldIn(foldIn(key, 'blocks'), level), at);
        return at === 0
          ? new AmdimBlock(from, to, { kernelSize, stride, key: own })
          : new AmdimBlock(to, to, { kernelSize: 1, stride: 1, key: own });
      });
    });
    const wide = plan[4][0] * width;
    this.last = new AmdimBlock(wide, outDim, { kernelSize: 3, stride: 1, key: foldIn(key, 'last') });
    this.norm = new BatchNorm(outDim);
    this.featureDim = outDim;
    const stride = imageSize / 8;
    this.stages = [
      { stride, channels: plan[2][0] * width },
      { stride, channels: plan[3][0] * width },
      { stride: imageSize, channels: outDim },
    ];
  }

  /** @throws ShapeError for images of another size */
  maps(images: tf.Tensor4D, ctx: ForwardContext = evaluation, options: MapOptions = {}): tf.Tensor4D[] {
    const { stages = [0, 1, 2] } = checkOptions('AmdimEncoder.maps', options, mapOptionNames);
    checkAscending('AmdimEncoder.maps', 'stages', stages, 0, 2);
    this.checkImages(images);
    const through = (x: tf.Tensor4D, from: number, to: number): tf.Tensor4D =>
      this.blocks
        .slice(from, to)
        .flat()
        .reduce((h, block) => block.forward(h), x);
    const padded = this.imageSize === 128 ? reflected(images) : images;
    const start = this.stem.reduce((x, conv) => tf.relu(conv.forward(x)), padded);
    const fine = through(start, 0, 3);
    const made = [fine];
    if (stages.at(-1)! > 0) made.push(through(fine, 3, 4));
    if (stages.at(-1)! > 1) {
      const whole = this.last.forward(through(made[1]!, 4, 5));
      made.push(this.norm.forward(whole, childContext(ctx, 'norm')) as tf.Tensor4D);
    }
    return stages.map((stage) => made[stage]!);
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const [whole] = this.maps(images, ctx, { stages: [2] });
    return tf.reshape(whole!, [images.shape[0], this.featureDim]);
  }

  private checkImages(images: tf.Tensor4D): void {
    const { imageSize: side, inChannels } = this;
    const form = `[batch, ${side}, ${side}, ${inChannels}]`;
    checkIsTensor('AmdimEncoder', 'images', images, form);
    const { shape } = images as tf.Tensor;
    if (shape.length !== 4 || shape[1] !== side || shape[2] !== side || shape[3] !== inChannels)
      throw new ShapeError('AmdimEncoder', 'images', form, `[${shape.join(', ')}]`);
  }
}

/** Two rows and columns more on each side, mirrored at the first and the last. */
function reflected(images: tf.Tensor4D): tf.Tensor4D {
  const along = (x: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D => {
    const side = x.shape[axis];
    const inside = Array.from({ length: side }, (_, at) => at);
    return tf.gather(x, tf.tensor1d([2, 1, ...inside, side - 2, side - 3], 'int32'), axis);
  };
  return along(along(images, 1), 2);
}
