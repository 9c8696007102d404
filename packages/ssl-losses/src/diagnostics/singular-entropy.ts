import * as tf from '@tensorflow/tfjs-core';
import { polarFactor, scaleMatrices } from '../redundancy/nuclear-norm.js';

/** Keeps the gradient of zeros finite. */
const smallestNorm = 1e-30;

/** Coefficients of the logarithm between `low` and `high` in Chebyshev's polynomials, to about 1e-8. */
function chebyshevLogarithm(low: number, high: number): readonly number[] {
  const count = 40;
  const angles = Array.from({ length: count }, (_, i) => (Math.PI * (i + 0.5)) / count);
  const values = angles.map((angle) => Math.log((low + high) / 2 + ((high - low) / 2) * Math.cos(angle)));
  const coefficients = angles.map(
    (_, k) => ((k === 0 ? 1 : 2) / count) * values.reduce((sum, value, i) => sum + value * Math.cos(k * angles[i]!), 0),
  );
  return coefficients.slice(0, coefficients.findLastIndex((value) => Math.abs(value) > 1e-8) + 1);
}

/** Where the eigenvalues of what a step multiplies by lie: the growing steps' first, whose `a` is above 2. */
const growing = { low: 0.6, high: 3.5, coefficients: chebyshevLogarithm(0.6, 3.5) };
const closing = { low: 0.85, high: 1.9, coefficients: chebyshevLogarithm(0.85, 1.9) };

/**
 * Entropy of the singular values' shares, `-sum_k p_k log p_k` with `p = s / sum s`: the logarithm of the effective rank,
 * with a gradient and without a decomposition.
 *
 * The polar iteration of `nuclearNorm` multiplies each singular value by factors until it is 1, so that the sum of the
 * factors' logarithms is `-log s`; they lie in a narrow range, where a polynomial gives the matrix logarithm. Singular
 * values below 1e-5 of the Frobenius norm are as inexact as there, and weigh as little. The gradient is the closed form
 * `-(log H - F / S) P / S`, with the polar factor `P`, `H = P x^T`, `S = sum s` and `F = sum s log s`.
 *
 * @param x `[rows, columns]`
 * @returns scalar in nats; of zeros 0
 * Source: Roy and Vetterli 2007, The effective rank: a measure of effective dimensionality.
 */
export function singularEntropy(x: tf.Tensor2D): tf.Scalar {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [source, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const wide = source.shape[0] <= source.shape[1];
    const { scaled, norm } = scaleMatrices(tf.expandDims(wide ? source : tf.transpose(source), 0) as tf.Tensor3D);
    const logarithms: tf.Tensor3D[] = [];
    const polar = polarFactor(scaled, (rest, a) => logarithms.push(logarithmOf(rest, a)));
    // log H, of the values over the norm.
    const weighted = tf.neg(tf.matMul(tf.addN(logarithms), polar)) as tf.Tensor3D;
    // 1 or more, unless all are 0.
    const total = tf.maximum(tf.sum(tf.mul(polar, scaled)), 1);
    const mean = tf.div(tf.sum(tf.mul(weighted, scaled)), total);
    const value = tf.sub(tf.log(total), mean);
    const slope = tf.div(tf.sub(tf.mul(polar, mean), weighted), tf.mul(total, tf.maximum(norm, smallestNorm)));
    const flat = tf.reshape(slope, [polar.shape[1], polar.shape[2]]);
    save([wide ? flat : tf.transpose(flat)]);
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => tf.mul(saved[0]!, dy) };
  });
  return op(x) as tf.Scalar;
}

/** Logarithm of `rest + a I` by Clenshaw's recurrence. */
function logarithmOf(rest: tf.Tensor3D, a: number): tf.Tensor3D {
  const { low, high, coefficients } = a > 2 ? growing : closing;
  const one = tf.eye(rest.shape[1]);
  // Eigenvalues in [-1, 1], twice.
  const twice = tf.add(tf.mul(rest, 4 / (high - low)), tf.mul(one, (4 * a - 2 * (low + high)) / (high - low)));
  const plus = (matrix: tf.Tensor, k: number): tf.Tensor => tf.add(matrix, tf.mul(one, coefficients[k]!));
  let above: tf.Tensor = tf.zerosLike(rest);
  let current = plus(above, coefficients.length - 1);
  for (let k = coefficients.length - 2; k > 0; k--)
    [above, current] = [current, tf.sub(plus(tf.matMul(twice as tf.Tensor3D, current as tf.Tensor3D), k), above)];
  return tf.sub(plus(tf.mul(tf.matMul(twice as tf.Tensor3D, current as tf.Tensor3D), 0.5), 0), above) as tf.Tensor3D;
}
