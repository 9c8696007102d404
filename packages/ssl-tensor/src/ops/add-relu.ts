import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, ShapeError } from '@selfsup/ssl-core';
import { blockwise } from './blockwise.js';
import { throughActivation } from './channel-affine.js';

/**
 * `relu(x + y)` in one pass over memory, and one for its gradient: the end of a residual block.
 *
 * @param x float32, any shape
 * @param y same shape
 * @returns same shape
 * @throws ShapeError when the shapes differ
 * Source: He et al. 2015, arXiv 1512.03385, section 3.2.
 */
export function addRelu<T extends tf.Tensor>(x: tf.Tensor, y: tf.Tensor): T {
  checkIsTensor('addRelu', 'x', x);
  checkIsTensor('addRelu', 'y', y);
  if (x.shape.join() !== y.shape.join())
    throw new ShapeError('addRelu', 'y', `[${x.shape.join(', ')}]`, `[${y.shape.join(', ')}]`);
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [a, b, save] = args as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const [value] = blockwise([a, b], (left, right) => [tf.relu(tf.add(left!, right!))]);
    save([value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const dx = throughActivation(dy, saved[0]!);
      return [dx, dx];
    };
    return { value, gradFunc };
  });
  return op(x, y) as T;
}
