import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-core';

/** ITU-R 601 luma with the rounding of the per-image operation: `[batch, height, 1 or 3, width] -> [batch, height, 1, width]`. */
export function lumaOf(planes: tf.Tensor4D): tf.Tensor4D {
  const channels = planes.shape[2];
  if (channels === 1) return planes;
  if (channels !== 3)
    throw new ShapeError('batchedViews', 'images', '[batch, height, width, 1 or 3] for colour changes', `${channels}`);
  const [red, green, blue] = tf.split(planes, 3, 2) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  // At most 255 * 2^16 + 2^15, which a float32 still holds exactly.
  const sum = tf.add(tf.add(tf.mul(red, 19595), tf.mul(green, 38470)), tf.add(tf.mul(blue, 7471), 32768));
  return tf.floor(tf.mul(sum, 2 ** -16));
}
