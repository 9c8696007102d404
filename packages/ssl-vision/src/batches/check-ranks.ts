import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { shapesOf } from './views-of.js';

/** @throws ShapeError for views that are no batches of pictures or volumes */
export function checkRanks(where: string, views: readonly tf.Tensor[]): void {
  if (views.every(({ rank }) => rank >= 4)) return;
  throw new ShapeError(where, 'views', 'each [batch, height, width, channels]', shapesOf(views));
}
