import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor';
import type { Grid } from '../../encoders/vision-transformer/resize-positions.js';

/**
 * Hides squares of patches at random, in each image `ceil(ratio * squares)` of them.
 *
 * @param noise uniform, `[batch, squares]`, row by row; the squares with the smallest are hidden
 * @param grid rows and columns of patches, multiples of `unit`
 * @param unit side of a square, in patches
 * @param ratio share that is hidden, in (0, 1)
 * @returns float32 `[batch, patches]`, 1 = hidden
 * @throws InvalidOptionError where every square would be hidden
 * Source: Xie et al. 2021 (arXiv 2111.09886), section 3.2; `MaskGenerator` of microsoft/SimMIM.
 */
export function randomUnits(noise: tf.Tensor2D, [rows, columns]: Grid, unit: number, ratio: number): tf.Tensor2D {
  const [batch, squares] = noise.shape;
  const hidden = Math.ceil(ratio * squares);
  if (hidden === squares)
    throw new InvalidOptionError(
      'randomUnits',
      'ratio',
      `a share that leaves one or more of ${squares} squares`,
      ratio,
    );
  return tf.tidy(() => {
    // The places of the places: how many squares have less noise.
    const { indices } = tf.topk(tf.neg(noise), squares);
    const ranks = tf.topk(tf.neg(tf.cast(indices, 'float32')), squares).indices;
    const marks = tf.cast(tf.less(ranks, tf.scalar(hidden, 'int32')), 'float32');
    const [down, across] = [rows / unit, columns / unit];
    const wide = tf.add(tf.reshape(marks, [batch * down, 1, across, 1]), tf.zeros([1, unit, 1, unit]));
    return tf.reshape(wide, [batch, rows * columns]) as tf.Tensor2D;
  });
}
