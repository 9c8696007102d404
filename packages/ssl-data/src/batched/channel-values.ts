import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-core';

/** One value or one per channel, ready to meet `[batch, height, channels, width]`. */
export function channelValues(value: number | readonly number[], channels: number): tf.Tensor4D {
  const values = typeof value === 'number' ? Array<number>(channels).fill(value) : [...value];
  if (values.length !== channels)
    throw new ShapeError('batchedViews', 'images', `${values.length} channels, as many as fill values`, `${channels}`);
  return tf.tensor4d(values, [1, 1, channels, 1], 'float32');
}
