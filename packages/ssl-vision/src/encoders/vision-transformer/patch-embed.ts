import * as tf from '@tensorflow/tfjs-core';
import { Conv2d, Module, torchWeight } from '@selfsup/ssl-nn';
import type { Initialiser } from '@selfsup/ssl-nn';
import { ShapeError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Options of {@link PatchEmbed}. */
export interface PatchEmbedOptions {
  readonly key: RandomKey;
  /** Height and width of the images, multiples of `patchSize`. */
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

  /** Patches of an image. */
  get patches(): number {
    const { imageSize, patchSize } = this.options;
    return (imageSize[0] / patchSize) * (imageSize[1] / patchSize);
  }

  /** Numbers of a patch: `patchSize ** 2 * inChannels`. */
  get pixels(): number {
    const { inChannels, patchSize } = this.options;
    return patchSize ** 2 * inChannels;
  }

  /**
   * @param images `[batch, height, width, channels]`
   * @returns `[batch, patches, dim]`, row by row
   * @throws ShapeError for images of another size than the module was built for
   */
  forward(images: tf.Tensor4D): tf.Tensor3D {
    const patches = this.project(this.flatten(images));
    return tf.reshape(patches, [images.shape[0], this.patches, this.options.dim]);
  }

  /**
   * The patches as they are, each row by row, channels last.
   *
   * @param images `[batch, height, width, channels]`
   * @returns `[batch * patches, pixels]`
   * @throws ShapeError for images of another size than the module was built for
   */
  flatten(images: tf.Tensor4D): tf.Tensor2D {
    const { imageSize, inChannels, patchSize: size } = this.options;
    const [height, width] = imageSize;
    checkIsTensor('PatchEmbed', 'images', images, `[batch, ${height}, ${width}, ${inChannels}]`);
    const [batch, ...actual] = images.shape;
    if (actual.join() !== [height, width, inChannels].join()) {
      const isChannelsFirst = actual.join() === [inChannels, height, width].join();
      throw new ShapeError(
        'PatchEmbed',
        'images',
        `[batch, ${height}, ${width}, ${inChannels}]${isChannelsFirst ? ', such as tf.transpose(images, [0, 2, 3, 1])' : ''}`,
        `[${images.shape.join(', ')}]${isChannelsFirst ? ', which has the channels first' : ''}`,
      );
    }
    const [rows, columns] = [height / size, width / size];
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
