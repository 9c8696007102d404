import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';

/**
 * Checks that a batch has as many images as a loss or a batch norm needs to tell them apart.
 *
 * @param view any view of the batch, `[batch, ...]`
 * @throws ShapeError for fewer than `least`
 */
export function checkImages(where: string, view: tf.Tensor, least: number): void {
  const [images = 0] = view.shape;
  if (images >= least) return;
  const advice =
    'Take a larger batchSize, and let the loader leave out a last batch of what remains, as it does unless dropLast is false';
  throw new ShapeError(where, 'views', `of ${least} images a batch or more`, `[${view.shape.join(', ')}]`, advice);
}
