import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';

/** Options of {@link alignment}. */
export interface AlignmentOptions {
  /** Exponent of the distance. Default 2. */
  readonly alpha?: number;
  /** Scale the rows to length 1 first. Default true. */
  readonly normalize?: boolean;
}

const alignmentOptionNames: OptionNames<AlignmentOptions> = {
  alpha: 'optionalNumber',
  normalize: 'optionalFlag',
};

/**
 * Closeness of positive pairs: `mean_i |x_i - y_i|^alpha`; lower is better.
 *
 * @param x `[batch, dim]`
 * @param y `[batch, dim]`, row `i` is the positive of row `i` of `x`
 * @returns scalar
 * @throws ShapeError when the shapes do not match
 * Source: Wang and Isola 2020, arXiv 2005.10242.
 */
export function alignment(x: tf.Tensor2D, y: tf.Tensor2D, options: AlignmentOptions = {}): tf.Scalar {
  const { alpha = 2, normalize = true } = checkOptions('alignment', options, alignmentOptionNames);
  checkTensor('alignment', 'x', x, ['batch', 'dim']);
  checkTensor('alignment', 'y', y, x.shape);
  const [a, b] = normalize ? [l2Normalize(x), l2Normalize(y)] : [x, y];
  const squared = tf.sum(tf.squaredDifference(a, b), 1);
  // The floor keeps the gradient finite at equal rows when alpha is below 2.
  return tf.mean(alpha === 2 ? squared : tf.pow(tf.maximum(squared, 1e-12), alpha / 2));
}
