import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkRows } from '../numerics/check-rows.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';

/** Options of {@link uniformity}. */
export interface UniformityOptions {
  /** Width of the Gaussian kernel. Default 2. */
  readonly t?: number;
  /** Scale the rows to length 1 first. Default true. */
  readonly normalize?: boolean;
}

const uniformityOptionNames: OptionNames<UniformityOptions> = {
  t: 'optionalNumber',
  normalize: 'optionalFlag',
};

/**
 * Evenness of features on the sphere: `log mean_{i != j} exp(-t |x_i - x_j|^2)`; lower is better, 0 means collapse.
 *
 * @param x `[batch, dim]`, two or more rows
 * @returns scalar
 * @throws ShapeError on another rank or fewer rows
 * Source: Wang and Isola 2020, arXiv 2005.10242.
 */
export function uniformity(x: tf.Tensor2D, options: UniformityOptions = {}): tf.Scalar {
  const { t = 2, normalize = true } = checkOptions('uniformity', options, uniformityOptionNames);
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
