import * as tf from '@tensorflow/tfjs-core';

/**
 * Where the middles of a map's places lie in the pictures, of views whose borders are known.
 *
 * @param boxes top, left, bottom and right border, float32 `[batch, 4]`
 * @returns down and along, `[batch, rows, columns, 2]`
 */
export function placesIn(boxes: tf.Tensor2D, rows: number, columns: number): tf.Tensor4D {
  const [batch] = boxes.shape;
  const [top, left, bottom, right] = tf.split(boxes, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const middles = (from: tf.Tensor, to: tf.Tensor, count: number): tf.Tensor => {
    const shares = tf.tensor2d(
      Array.from({ length: count }, (_, at) => (at + 0.5) / count),
      [1, count],
    );
    return tf.add(from, tf.mul(tf.sub(to, from), shares));
  };
  const still = tf.zeros([batch, rows, columns]);
  const down = tf.add(still, tf.reshape(middles(top, bottom, rows), [batch, rows, 1]));
  const along = tf.add(still, tf.reshape(middles(left, right, columns), [batch, 1, columns]));
  return tf.stack([down, along], 3) as tf.Tensor4D;
}
