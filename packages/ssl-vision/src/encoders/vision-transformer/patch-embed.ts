import * as tf from '@tensorflow/tfjs-core';
import { Conv2d, Module, torchWeight } from '@selfsup/ssl-nn';
import type { Initialiser } from '@selfsup/ssl-nn';
import { ShapeError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Grid } from './resize-positions.js';

/** Options of {@link PatchEmbed}. */
export interface PatchEmbedOptions {
  readonly key: RandomKey;
  /** Height and width of most images, multiples of `patchSize`: the size of {@link PatchEmbed.grid}. */
  readonly imageSize: readonly [number, number];
  readonly patchSize: number;
  readonly inChannels: number;
  /** Width of a token. */
  readonly dim: number;
  /** Of the weights, as those of a linear layer `[patchSize ** 2 * inChannels, dim]`. Default PyTorch's. */
  readonly weightInit?: Initialiser;
}

const patchEmbedOptionNames: OptionNames<PatchEmbedOptions> = {
  key: 'requiredKey',
  imageSize: 'required',
  patchSize: 'requiredNumber',
  inChannels: 'requiredNumber',
  dim: 'requiredNumber',
  weightInit: 'optionalFunction',
};

/**
 * Cuts an image into patches that do not overlap and projects each. The weights are those of a convolution whose stride
 * equals its size (`patch_embed.proj` in timm); it runs as one matrix product over flattened patches.
 */
export class PatchEmbed extends Module {
  readonly proj: Conv2d;
  private readonly options: Omit<PatchEmbedOptions, 'key' | 'weightInit'>;

  constructor(options: PatchEmbedOptions) {
    super();
    const { key, weightInit = torchWeight, ...sizes } = checkOptions('PatchEmbed', options, patchEmbedOptionNames);
    const { inChannels, dim, patchSize } = sizes;
    this.options = sizes;
    this.proj = new Conv2d(inChannels, dim, {
      kernelSize: patchSize,
      stride: patchSize,
      key,
      weightInit: (shape, own) => ({ ...weightInit([this.pixels, dim], own), shape }),
    });
  }

  /** Rows and columns of patches of an image of `imageSize`. */
  get grid(): Grid {
    const { imageSize, patchSize } = this.options;
    return [imageSize[0] / patchSize, imageSize[1] / patchSize];
  }

  /** Numbers of a patch: `patchSize ** 2 * inChannels`. */
  get pixels(): number {
    const { inChannels, patchSize } = this.options;
    return patchSize ** 2 * inChannels;
  }

  /**
   * @param images `[batch, height, width, channels]`
   * @returns `[batch, patches, dim]`, row by row
   * @throws ShapeError as {@link gridOf}
   */
  forward(images: tf.Tensor4D): tf.Tensor3D {
    const patches = this.project(this.flatten(images));
    return tf.reshape(patches, [images.shape[0], -1, this.options.dim]);
  }

  /**
   * @param images `[batch, height, width, channels]`
   * @returns rows and columns of their patches
   * @throws ShapeError for sides that are not multiples of the patch size, naming the nearest that are, and for other channels
   */
  gridOf(images: tf.Tensor4D): Grid {
    const { inChannels, patchSize: size } = this.options;
    const form = `[batch, height, width, ${inChannels}]`;
    checkIsTensor('PatchEmbed', 'images', images, form);
    const got = `[${(images as tf.Tensor).shape.join(', ')}]`;
    const [, height, width, channels] = images.shape;
    if (images.rank !== 4 || channels !== inChannels) {
      const isChannelsFirst = images.rank === 4 && height === inChannels;
      throw new ShapeError(
        'PatchEmbed',
        'images',
        `${form}${isChannelsFirst ? ', such as tf.transpose(images, [0, 2, 3, 1])' : ''}`,
        `${got}${isChannelsFirst ? ', which has the channels first' : ''}${images.shape.length > 4 ? ', as volumes have' : ''}`,
        images.rank === 4 && !isChannelsFirst
          ? `Build the encoder with inChannels: ${channels} for such pictures`
          : undefined,
      );
    }
    if (height % size !== 0 || width % size !== 0 || height * width === 0) {
      const fits = (side: number): string => {
        const below = Math.floor(side / size) * size;
        if (below === side && side > 0) return String(side);
        return below > 0 ? `${below} or ${below + size}` : String(size);
      };
      const sizes = `such as height ${fits(height)} and width ${fits(width)}`;
      throw new ShapeError('PatchEmbed', 'images', `${form} with sides that are multiples of ${size}, ${sizes}`, got);
    }
    return [height / size, width / size];
  }

  /**
   * The patches as they are, each row by row, channels last.
   *
   * @param images `[batch, height, width, channels]`
   * @returns `[batch * patches, pixels]`
   * @throws ShapeError as {@link gridOf}
   */
  flatten(images: tf.Tensor4D): tf.Tensor2D {
    const { inChannels, patchSize: size } = this.options;
    const [rows, columns] = this.gridOf(images);
    const batch = images.shape[0];
    const strips = tf.reshape(images, [batch * rows, size, columns, size * inChannels]);
    return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [batch * rows * columns, this.pixels]);
  }

  /**
   * @param flat patches as {@link flatten} gives them, all or some, `[n, pixels]`
   * @returns `[n, dim]`
   */
  project(flat: tf.Tensor2D): tf.Tensor2D {
    const weight = tf.reshape(this.proj.weight.variable, [this.pixels, this.options.dim]) as tf.Tensor2D;
    return tf.add(tf.matMul(flat, weight), this.proj.bias!.variable);
  }
}
