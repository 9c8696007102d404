import * as tf from '@tensorflow/tfjs-core';
import { checkCount, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';

/**
 * Square patches of images as vectors, row by row; within a patch the order is row, column, channel.
 *
 * @param images `[batch, height, width, channels]`, of any element type
 * @param patchSize side of a patch in pixels; divides height and width
 * @returns `[batch, (height / patchSize) * (width / patchSize), patchSize^2 * channels]`
 * @throws ShapeError on another rank or when the patches do not fit; InvalidOptionError for the patch size
 * Source: He et al. 2021 (MAE), arXiv 2111.06377; the order of the authors' `patchify`.
 */
export function patchify(images: tf.Tensor4D, patchSize: number): tf.Tensor3D {
  checkTensors('patchify', { images });
  checkCount('patchify', { patchSize });
  const [batch, height, width, channels] = images.shape;
  if (images.rank !== 4 || height % patchSize !== 0 || width % patchSize !== 0) {
    throw new ShapeError(
      'patchify',
      'images',
      `[batch, height, width, channels] with sides that ${patchSize} divides`,
      `[${images.shape.join(', ')}]`,
    );
  }
  const [down, across] = [height / patchSize, width / patchSize];
  const cells = tf.reshape(images, [batch, down, patchSize, across, patchSize * channels]);
  return tf.reshape(tf.transpose(cells, [0, 1, 3, 2, 4]), [batch, down * across, patchSize ** 2 * channels]);
}
