import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from './check.js';

/** Vectors shorter than this are scaled as if they had this length, so that zero vectors stay finite. */
const shortest = 1e-6;

/**
 * Rows scaled to length 1: `x / max(|x|, 1e-6)`.
 *
 * @param x `[n, dim]`, float32
 * @returns `[n, dim]`; zero rows stay zero
 * @throws ShapeError on another rank or element type
 * Source: as `torch.nn.functional.normalize`, whose floor of 1e-12 gives gradients of 1e12 on dead features.
 */
export function l2Normalize(x: tf.Tensor2D): tf.Tensor2D {
  checkTensor('l2Normalize', 'x', x, ['n', 'dim']);
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [source, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const squared = tf.sum(tf.square(source), 1, true);
    const inverse = tf.rsqrt(tf.maximum(squared, shortest * shortest));
    const value = tf.mul(source, inverse);
    const turns = tf.cast(tf.greater(squared, shortest * shortest), 'float32');
    save([value, inverse, turns]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [unit, scale, free] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const along = tf.mul(tf.sum(tf.mul(dy, unit), 1, true), free);
      return tf.mul(tf.sub(dy, tf.mul(unit, along)), scale);
    };
    return { value, gradFunc };
  });
  return op(x) as tf.Tensor2D;
}
