import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, ShapeError } from '@selfsup/ssl-core';

/**
 * Rows of a matrix by index, with the gradient as a scatter-add.
 *
 * @param x `[n, dim]`
 * @param indices int32, any shape, each in `[0, n)`
 * @returns `[...indices.shape, dim]`
 * @throws ShapeError when `x` is not a matrix
 */
export function takeRows(x: tf.Tensor2D, indices: tf.Tensor): tf.Tensor {
  checkIsTensor('takeRows', 'x', x);
  checkIsTensor('takeRows', 'indices', indices);
  if (indices.dtype !== 'int32')
    throw new ShapeError('takeRows', 'indices', "int32, such as tf.cast(indices, 'int32')", indices.dtype);
  if (x.rank !== 2) throw new ShapeError('takeRows', 'x', '[n, dim]', `[${(x as tf.Tensor).shape.join(', ')}]`);
  const rows = tf.gather(x, tf.reshape(indices, [indices.size]) as tf.Tensor1D, 0);
  return tf.reshape(rows, [...indices.shape, x.shape[1]]);
}
