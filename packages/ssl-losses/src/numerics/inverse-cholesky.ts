import * as tf from '@tensorflow/tfjs-core';

/** Share of a variance that the other variables must leave unexplained; below it float32 knows only its own noise. */
const smallestPivot = 1e-5;

/** Variances below it count as it, so that constant variables stay finite. */
const smallestVariance = 1e-12;

/**
 * Inverse of the Cholesky factor: lower-triangular `W` with positive diagonal and `W C W^T = I`.
 *
 * The variables are scaled to variance 1, then halved again and again: with `C = [[A, B^T], [B, D]]`,
 * `W = [[W_A, 0], [-W_S B A^-1, W_S]]`, `S = D - B A^-1 B^T`. That is about `20 size` operations, most of the
 * arithmetic in matrix products. The gradient is the closed form, three products: `dC = -sym(W^T P(dW W^T) W)`, where
 * `P` keeps the lower triangle and halves the diagonal.
 *
 * @param c `[batch, size, size]`, symmetric positive definite
 * @returns `[batch, size, size]`; relative error about `1e-7` times the condition number of the correlations. A
 * variable that depends on those before it to within 1e-5 of its variance is given that much of its own, and no later
 * one is freed of it
 * Source: gradient after Murray 2016, arXiv 1602.07527, written for the inverse.
 */
export function inverseCholesky(c: tf.Tensor3D): tf.Tensor3D {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [source, save] = args as [tf.Tensor3D, tf.GradSaveFunc];
    const [batch, size] = source.shape;
    const variance = tf.stridedSlice(
      tf.reshape(source, [batch, size * size]),
      [0, 0],
      [batch, size * size],
      [1, size + 1],
    );
    const scale = tf.reshape(tf.rsqrt(tf.maximum(variance, smallestVariance)), [batch, 1, size]);
    const correlation = tf.mul(tf.mul(source, scale), tf.reshape(scale, [batch, size, 1])) as tf.Tensor3D;
    const value = tf.mul(halves(correlation).full, scale) as tf.Tensor3D;
    save([value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const w = saved[0] as tf.Tensor3D;
      const lower = tf.mul(tf.matMul(dy as tf.Tensor3D, w, false, true), lowerHalf(size)) as tf.Tensor3D;
      const outer = tf.matMul(tf.matMul(w, lower, true), w);
      return tf.mul(tf.add(outer, tf.transpose(outer, [0, 2, 1])), -0.5);
    };
    return { value, gradFunc };
  });
  return op(c) as tf.Tensor3D;
}

/**
 * The inverse factor of correlations, and the same with zeros in the rows of dependent variables. Later variables are
 * freed only of `firm` ones: what is left of the others is rounding, and it would grow from each to the next.
 */
function halves(c: tf.Tensor3D): { readonly full: tf.Tensor3D; readonly firm: tf.Tensor3D } {
  const size = c.shape[1];
  if (size === 1) {
    const full = tf.rsqrt(tf.maximum(c, smallestPivot)) as tf.Tensor3D;
    return { full, firm: tf.mul(full, tf.cast(tf.greater(c, smallestPivot), 'float32')) };
  }
  const half = size >> 1;
  const rest = size - half;
  const first = halves(tf.slice(c, [0, 0, 0], [-1, half, half]));
  // B W_A^T, whose products with itself are B A^-1 B^T.
  const shared = tf.matMul(tf.slice(c, [0, half, 0], [-1, rest, half]), first.firm, false, true) as tf.Tensor3D;
  const second = halves(tf.sub(tf.slice(c, [0, half, half], [-1, rest, rest]), tf.matMul(shared, shared, false, true)));
  const explained = tf.neg(tf.matMul(shared, first.firm)) as tf.Tensor3D;
  const joined = (a: tf.Tensor3D, d: tf.Tensor3D): tf.Tensor3D => {
    const above = tf.pad(a, [
      [0, 0],
      [0, 0],
      [0, rest],
    ]);
    return tf.concat([above, tf.concat([tf.matMul(d, explained), d], 2)], 1) as tf.Tensor3D;
  };
  return { full: joined(first.full, second.full), firm: joined(first.firm, second.firm) };
}

/** `[size, size]`: 1 below the diagonal, 0.5 on it, 0 above. */
function lowerHalf(size: number): tf.Tensor2D {
  const place = tf.range(0, size, 1, 'float32');
  const below = tf.sub(tf.reshape(place, [size, 1]), tf.reshape(place, [1, size]));
  return tf.clipByValue(tf.add(below, 0.5), 0, 1) as tf.Tensor2D;
}
