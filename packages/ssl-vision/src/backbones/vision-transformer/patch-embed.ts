import * as tf from '@tensorflow/tfjs-core';
import { Conv2d, Module } from 'ssl-nn';
import { ShapeError } from 'ssl-tensor';
import type { RandomKey } from 'ssl-tensor';

/**
 * Cuts an image into patches that do not overlap and projects each. The weights are those of a convolution whose stride
 * equals its size (`patch_embed.proj` in timm); it runs as one matrix product over flattened patches.
 */
export class PatchEmbed extends Module {
  readonly proj: Conv2d;
  readonly #imageSize: readonly [number, number];
  readonly #patchSize: number;
  readonly #inChannels: number;
  readonly #dim: number;

  constructor(
    imageSize: readonly [number, number],
    patchSize: number,
    inChannels: number,
    dim: number,
    key: RandomKey,
  ) {
    super();
    this.proj = new Conv2d(inChannels, dim, { kernelSize: patchSize, stride: patchSize, key });
    this.#imageSize = imageSize;
    this.#patchSize = patchSize;
    this.#inChannels = inChannels;
    this.#dim = dim;
  }

  /** Patches of an image. */
  get patches(): number {
    const [height, width] = this.#imageSize;
    return (height / this.#patchSize) * (width / this.#patchSize);
  }

  /**
   * @param images `[batch, height, width, channels]`
   * @returns `[batch, patches, dim]`, row by row
   * @throws ShapeError for images of another size than the module was built for
   */
  forward(images: tf.Tensor4D): tf.Tensor3D {
    const [height, width] = this.#imageSize;
    const [batch, ...actual] = images.shape;
    if (actual.join() !== [height, width, this.#inChannels].join()) {
      throw new ShapeError(
        'PatchEmbed',
        'images',
        `[batch, ${height}, ${width}, ${this.#inChannels}]`,
        `[${images.shape.join(', ')}]`,
      );
    }
    const size = this.#patchSize;
    const [rows, columns] = [height / size, width / size];
    const strip = size * this.#inChannels;
    const patches = tf.transpose(tf.reshape(images, [batch * rows, size, columns, strip]), [0, 2, 1, 3]);
    const flat = tf.reshape(patches, [batch * rows * columns, size * strip]) as tf.Tensor2D;
    const weight = tf.reshape(this.proj.weight.variable, [size * strip, this.#dim]) as tf.Tensor2D;
    return tf.reshape(tf.add(tf.matMul(flat, weight), this.proj.bias!.variable), [batch, rows * columns, this.#dim]);
  }
}
