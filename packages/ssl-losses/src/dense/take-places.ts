import * as tf from '@tensorflow/tfjs-core';

/**
 * Rows of a matrix at indices that may depend on what is differentiated, such as those of nearest neighbours: gradients
 * flow into the rows only. (TF.js's own gather asks for a gradient of such indices and fails.)
 *
 * @param x `[n, dim]`
 * @param indices int32 `[m]`, each in `[0, n)`
 * @returns `[m, dim]`
 */
export function takeAt(x: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [source, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    // The indices may have been made inside the differentiated function: saving keeps them for the gradient.
    save([indices]);
    const gradFunc = (dy: tf.Tensor, [places]: tf.Tensor[]): tf.Tensor =>
      tf.unsortedSegmentSum(dy, places as tf.Tensor1D, source.shape[0]);
    return { value: tf.gather(source, indices), gradFunc };
  });
  return op(x) as tf.Tensor2D;
}

/**
 * Vectors at places of each image; gradients flow into the vectors only.
 *
 * @param x `[batch, n, dim]`
 * @param indices int32 `[batch, m]`, each in `[0, n)`
 * @returns `[batch, m, dim]`
 */
export function takePlaces(x: tf.Tensor3D, indices: tf.Tensor2D): tf.Tensor3D {
  const [batch, n, dim] = x.shape;
  const starts = tf.expandDims(tf.range(0, batch * n, n, 'int32'), 1);
  const flat = tf.reshape(tf.add(indices, starts), [indices.size]) as tf.Tensor1D;
  return tf.reshape(takeAt(tf.reshape(x, [batch * n, dim]), flat), [batch, indices.shape[1], dim]);
}
