import * as tf from '@tensorflow/tfjs-core';

/**
 * Places of patches in a sequence that the class token leads.
 *
 * @param patches numbers of patches, int32 `[batch, count]`
 * @returns int32 `[batch, 1 + count]`: 0 for the class token, then each patch's number and 1
 */
export function tokenPlaces(patches: tf.Tensor2D): tf.Tensor2D {
  const [batch, count] = patches.shape;
  return tf.pad(tf.reshape(tf.add(patches, tf.scalar(1, 'int32')), [batch, count]), [
    [0, 0],
    [1, 0],
  ]) as tf.Tensor2D;
}

/**
 * Rows of patches where those of all images of a batch lie below each other.
 *
 * @param patches numbers of patches, int32 `[batch, count]`
 * @param perImage patches of an image
 * @returns int32 `[batch, count]`
 */
export function patchRows(patches: tf.Tensor2D, perImage: number): tf.Tensor2D {
  const first = tf.mul(tf.range(0, patches.shape[0], 1, 'int32'), tf.scalar(perImage, 'int32'));
  return tf.add(patches, tf.reshape(first, [patches.shape[0], 1])) as tf.Tensor2D;
}
