import * as tf from '@tensorflow/tfjs-core';

/**
 * `sum_ij (sum_n a[n, i] b[n, j])^2`, the squared Frobenius norm of `a^T b`, summed over leading axes as well.
 *
 * It equals `sum_nm (a a^T)[n, m] (b b^T)[n, m]`, which is cheaper when there are fewer rows than columns; the smaller
 * one is computed.
 *
 * @param a `[..., n, p]`
 * @param b `[..., n, q]`
 * @returns scalar
 */
export function squaredProducts(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  const [rows, p, q] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  if (p * q <= rows * (p + q)) return tf.sum(tf.square(tf.matMul(a, b, true)));
  const gram = tf.matMul(a, a, false, true);
  return tf.sum(a === b ? tf.square(gram) : tf.mul(gram, tf.matMul(b, b, false, true)));
}
