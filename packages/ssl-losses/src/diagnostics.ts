import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from 'ssl-tensor/host';
import { checkTensor } from './check.js';
import { l2Normalize } from './l2-normalize.js';
import { logSumExpRows } from './log-sum-exp-rows.js';

/**
 * Spread of features: the standard deviation of each dimension over the batch, after scaling the rows to length 1,
 * averaged over dimensions. 0 means collapse to a point; `1 / sqrt(dim)` is what isotropic features reach.
 *
 * @param z `[batch, dim]`, two or more rows
 * @returns scalar
 * @throws ShapeError on another rank or fewer rows
 * Source: Chen and He 2021 (SimSiam), arXiv 2011.10566, figure 2.
 */
export function featureStd(z: tf.Tensor2D): tf.Scalar {
  checkRows('featureStd', 'z', z);
  const unit = l2Normalize(z);
  const variance = tf.mean(tf.squaredDifference(unit, tf.mean(unit, 0)), 0);
  return tf.mean(tf.sqrt(tf.mul(variance, z.shape[0] / (z.shape[0] - 1))));
}

/** Options of {@link alignment}. */
export interface AlignmentOptions {
  /** Exponent of the distance. Default 2. */
  readonly alpha?: number;
  /** Scale the rows to length 1 first. Default true. */
  readonly normalize?: boolean;
}

/**
 * Closeness of positive pairs: `mean_i |x_i - y_i|^alpha`; lower is better.
 *
 * @param x `[batch, dim]`
 * @param y `[batch, dim]`, row `i` is the positive of row `i` of `x`
 * @returns scalar
 * @throws ShapeError when the shapes do not match
 * Source: Wang and Isola 2020, arXiv 2005.10242, equation 2.
 */
export function alignment(
  x: tf.Tensor2D,
  y: tf.Tensor2D,
  { alpha = 2, normalize = true }: AlignmentOptions = {},
): tf.Scalar {
  checkTensor('alignment', 'x', x, ['batch', 'dim']);
  checkTensor('alignment', 'y', y, x.shape);
  const [a, b] = normalize ? [l2Normalize(x), l2Normalize(y)] : [x, y];
  const squared = tf.sum(tf.squaredDifference(a, b), 1);
  // The floor keeps the gradient finite at equal rows when alpha is below 2.
  return tf.mean(alpha === 2 ? squared : tf.pow(tf.maximum(squared, 1e-12), alpha / 2));
}

/** Options of {@link uniformity}. */
export interface UniformityOptions {
  /** Width of the Gaussian kernel. Default 2. */
  readonly t?: number;
  /** Scale the rows to length 1 first. Default true. */
  readonly normalize?: boolean;
}

/**
 * Evenness of features on the sphere: `log mean_{i != j} exp(-t |x_i - x_j|^2)`; lower is better, 0 means collapse.
 *
 * @param x `[batch, dim]`, two or more rows
 * @returns scalar
 * @throws ShapeError on another rank or fewer rows
 * Source: Wang and Isola 2020, arXiv 2005.10242, equation 3.
 */
export function uniformity(x: tf.Tensor2D, { t = 2, normalize = true }: UniformityOptions = {}): tf.Scalar {
  checkRows('uniformity', 'x', x);
  const rows = x.shape[0];
  const unit = normalize ? l2Normalize(x) : x;
  const squared = tf.sum(tf.square(unit), 1, true) as tf.Tensor2D;
  const products = tf.matMul(unit, unit, false, true);
  const distances = tf.maximum(tf.sub(tf.add(squared, tf.transpose(squared)), tf.mul(products, 2)), 0);
  const self = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i++) self[i * rows + i] = -1e9;
  const exponents = tf.add(tf.mul(distances, -t), tf.tensor2d(self, [rows, rows]));
  const total = logSumExpRows(tf.reshape(exponents, [1, rows * rows]));
  return tf.sub(tf.reshape(total, []), Math.log(rows * (rows - 1)));
}

function checkRows(where: string, parameter: string, x: tf.Tensor2D): void {
  checkTensor(where, parameter, x, ['batch', 'dim']);
  if (x.shape[0] < 2) throw new ShapeError(where, parameter, 'two or more rows', `[${x.shape.join(', ')}]`);
}
