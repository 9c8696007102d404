import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from './check.js';

/**
 * `log(sum_j exp(x[i, j]))`, stable, with the gradient from the exponentials already computed.
 *
 * @param x `[n, m]`, float32
 * @returns `[n]`
 * @throws ShapeError on another rank or element type
 * Source: as `torch.logsumexp`.
 */
export function logSumExpRows(x: tf.Tensor2D): tf.Tensor1D {
  checkTensor('logSumExpRows', 'x', x, ['n', 'm']);
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [source, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const shift = tf.max(source, 1, true);
    const terms = tf.exp(tf.sub(source, shift));
    const total = tf.sum(terms, 1, true);
    save([terms, total]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [exponentials, sum] = saved as [tf.Tensor, tf.Tensor];
      return tf.mul(exponentials, tf.div(tf.reshape(dy, [-1, 1]), sum));
    };
    return { value: tf.reshape(tf.add(tf.log(total), shift), [source.shape[0]]), gradFunc };
  });
  return op(x) as tf.Tensor1D;
}
