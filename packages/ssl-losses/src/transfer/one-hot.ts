import * as tf from '@tensorflow/tfjs-core';

/**
 * 1 at each index, else 0, as float32. Unlike `tf.oneHot` of a single class too.
 *
 * @param indices int32 of any shape, in `[0, depth)`
 * @returns `[...shape, depth]`
 */
export function oneHot(indices: tf.Tensor, depth: number): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(indices, -1), tf.range(0, depth, 1, 'int32')), 'float32');
}
