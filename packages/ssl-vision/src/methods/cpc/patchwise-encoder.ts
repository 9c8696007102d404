import * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, Module } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext } from '@selfsup/ssl-nn';
import { checkCount, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkEncoder } from '../../encoders/check-encoder.js';

/** Options of {@link PatchwiseEncoder}. */
export interface PatchwiseEncoderOptions {
  /** Sees one patch at a time. */
  readonly encoder: Encoder;
  /** Side of a patch in pixels. */
  readonly patchSize: number;
  /** Pixels from one patch to the next, at most `patchSize`. Default: half of `patchSize`. */
  readonly stride?: number;
}

const patchwiseEncoderOptionNames: OptionNames<PatchwiseEncoderOptions> = {
  encoder: 'required',
  patchSize: 'requiredNumber',
  stride: 'optionalNumber',
};

/**
 * An encoder of patches that overlap: features of a picture are the mean of its patches'. State dict as the encoder's own, so
 * that what is trained here loads there; on whole pictures it sees sizes that it was not trained on.
 *
 * Source: van den Oord et al. 2018 (arXiv 1807.03748), section 3.2; Henaff et al. 2019 (arXiv 1905.09272), section 2.1, who
 * evaluate the mean of patches, too.
 */
export class PatchwiseEncoder extends Module implements Encoder {
  static override readonly fieldNames = { encoder: '' };
  readonly featureDim: number;
  readonly encoder: Encoder;
  readonly patchSize: number;
  readonly stride: number;

  /** @throws InvalidOptionError for what is no encoder, and for counts that are not positive or a stride that leaves gaps */
  constructor(options: PatchwiseEncoderOptions) {
    super();
    const where = 'PatchwiseEncoder';
    const { encoder, patchSize, ...given } = checkOptions(where, options, patchwiseEncoderOptionNames);
    checkEncoder(where, encoder);
    checkCount(where, { patchSize });
    const { stride = Math.max(1, Math.floor(patchSize / 2)) } = given;
    checkCount(where, { stride });
    if (stride > patchSize) throw new InvalidOptionError(where, 'stride', `at most patchSize ${patchSize}`, stride);
    this.encoder = encoder;
    this.patchSize = patchSize;
    this.stride = stride;
    this.featureDim = encoder.featureDim;
  }

  /**
   * Features of each patch.
   *
   * @param images `[batch, height, width, channels]`, normalised
   * @returns `[batch, rows, columns, featureDim]`
   * @throws ShapeError for sides that are not `patchSize` and a number of strides
   */
  grid(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor4D {
    const { patchSize, stride, featureDim } = this;
    const form = '[batch, height, width, channels]';
    checkIsTensor('PatchwiseEncoder', 'images', images, form);
    const [batch, height, width, channels] = images.shape;
    const [rows, columns] = [height, width].map((side) => (side - patchSize) / stride + 1) as [number, number];
    if (images.rank !== 4 || ![rows, columns].every((count) => Number.isInteger(count) && count > 0))
      throw new ShapeError(
        'PatchwiseEncoder',
        'images',
        `${form} with sides of ${patchSize} and any number of strides of ${stride}, such as ${patchSize + 4 * stride}`,
        `[${(images as tf.Tensor).shape.join(', ')}]`,
      );
    const along = (count: number): tf.Tensor1D => {
      const places = Array.from({ length: count * patchSize }, (_, at) => {
        const patch = Math.floor(at / patchSize);
        return patch * stride + (at % patchSize);
      });
      return tf.tensor1d(places, 'int32');
    };
    const wide = tf.gather(tf.gather(images, along(rows), 1), along(columns), 2);
    const strips = tf.reshape(wide, [batch * rows, patchSize, columns, patchSize * channels]);
    const patches = tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [-1, patchSize, patchSize, channels]) as tf.Tensor4D;
    const features = this.encoder.forward(patches, childContext(ctx, 'encoder'));
    return tf.reshape(features, [batch, rows, columns, featureDim]);
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return tf.mean(this.grid(images, ctx), [1, 2]);
  }
}
