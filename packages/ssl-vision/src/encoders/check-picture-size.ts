import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor';
import { checkIsTensor } from '@selfsup/ssl-tensor/host';

/** @throws ShapeError for what is no batch of images, or whose images have a side below `least` pixels */
export function checkPictureSize(where: string, images: tf.Tensor4D, least: number): void {
  const form = '[batch, height, width, channels]';
  checkIsTensor(where, 'images', images, form);
  const { rank, shape } = images as tf.Tensor;
  const got = `[${shape.join(', ')}]`;
  if (rank !== 4) throw new ShapeError(where, 'images', form, `${got}${shape.length === 5 ? ', as volumes have' : ''}`);
  if (shape[1]! >= least && shape[2]! >= least) return;
  const advice = `${form} with sides of at least ${least}; for smaller pictures build it with a smaller patchSize, or enlarge them`;
  throw new ShapeError(where, 'images', advice, got);
}
