import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from './check.js';

/** @throws ShapeError unless `x` is `[batch, dim]` with two rows or more */
export function checkRows(where: string, parameter: string, x: tf.Tensor2D): void {
  checkTensor(where, parameter, x, ['batch', 'dim']);
  if (x.shape[0] < 2) throw new ShapeError(where, parameter, 'two or more rows', `[${x.shape.join(', ')}]`);
}
