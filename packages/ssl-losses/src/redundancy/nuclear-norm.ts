import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from '../numerics/check.js';

/** Grows the small singular values by 3.44 a step and takes those above 1e-5 to [0.68, 1.14]. */
const growing = { steps: 9, coefficients: [3.4445, -4.775, 2.0315] } as const;

/**
 * Third-order convergence to 1: Taylor's polynomial of `1 / sqrt`, which ends at float32's precision in three steps.
 */
const closing = { steps: 3, coefficients: [1.875, -1.25, 0.375] } as const;

/** Keeps matrices of zeros finite. */
const smallestNorm = 1e-30;

/**
 * Sum of the singular values of each matrix. Its gradient is the polar factor `U V^T`.
 *
 * Without a decomposition: `P <- a P + b P P^T P + c P P^T P P^T P`, started at `x / |x|_F`, leaves the singular
 * vectors as they are and moves each singular value to 1; the norm is `sum P x`. In exact arithmetic, singular values
 * above 1e-5 of the Frobenius norm come within 1e-6 of 1; each smaller one is short of its share by less than 7e-7 of
 * that norm, and its direction of a part of its gradient. Float32 adds rounding of a few 1e-7 of the norm.
 *
 * @param x `[batch, rows, columns]`
 * @returns `[batch]`
 * @throws ShapeError on another rank or element type
 * Source: Higham 2008, 'Functions of Matrices', on the polar decomposition; the growing polynomial is of Jordan et al.
 * 2024, 'Muon: an optimizer for hidden layers in neural networks'.
 */
export function nuclearNorm(x: tf.Tensor3D): tf.Tensor1D {
  checkTensor('nuclearNorm', 'x', x, ['batch', 'rows', 'columns']);
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [source, save] = args as [tf.Tensor3D, tf.GradSaveFunc];
    const wide = source.shape[1] <= source.shape[2];
    const { scaled } = scaleMatrices(wide ? source : (tf.transpose(source, [0, 2, 1]) as tf.Tensor3D));
    const polar = polarFactor(scaled);
    const factor = wide ? polar : tf.transpose(polar, [0, 2, 1]);
    save([factor]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => tf.mul(saved[0]!, tf.reshape(dy, [-1, 1, 1]));
    return { value: tf.sum(tf.mul(factor, source), [1, 2]), gradFunc };
  });
  return op(x) as tf.Tensor1D;
}

/** Matrices over their Frobenius norm, and the norm, `[batch, 1, 1]`; zeros stay zeros. */
export function scaleMatrices(x: tf.Tensor3D): { readonly scaled: tf.Tensor3D; readonly norm: tf.Tensor3D } {
  // The largest magnitude first: squares of very small or large numbers leave float32's range.
  const size = tf.maximum(tf.max(tf.abs(x), [1, 2], true), smallestNorm) as tf.Tensor3D;
  const inside = tf.div(x, size) as tf.Tensor3D;
  const length = tf.maximum(tf.sqrt(tf.sum(tf.square(inside), [1, 2], true)), smallestNorm) as tf.Tensor3D;
  return { scaled: tf.div(inside, length), norm: tf.mul(size, length) };
}

/**
 * `U V^T` of matrices with no more rows than columns, whose Frobenius norm is 1 at most.
 *
 * @param visit gets what each step multiplies by, `b G + c G^2` and `a`, with `G = P P^T`
 */
export function polarFactor(x: tf.Tensor3D, visit?: (rest: tf.Tensor3D, a: number) => void): tf.Tensor3D {
  let polar = x;
  for (const { steps, coefficients } of [growing, closing]) {
    const [a, b, c] = coefficients;
    for (let step = 0; step < steps; step++) {
      const gram = tf.matMul(polar, polar, false, true);
      const rest = tf.add(tf.mul(gram, b), tf.mul(tf.matMul(gram, gram), c)) as tf.Tensor3D;
      visit?.(rest, a);
      polar = tf.add(tf.mul(polar, a), tf.matMul(rest, polar)) as tf.Tensor3D;
    }
  }
  return polar;
}
