import * as tf from '@tensorflow/tfjs-core';
import { isTracing } from '../compile/active-trace.js';

/** Form of GELU: `none` is exact (erf), `tanh` the approximation. */
export interface GeluOptions {
  readonly approximate?: 'none' | 'tanh';
}

const rootTwoOverPi = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

function exactCdf(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

function forward(x: tf.Tensor, approximate: 'none' | 'tanh'): tf.Tensor {
  if (isTracing()) return tf.engine().runKernel('SslGelu', { x }, { approximate });
  if (approximate === 'none') return tf.mul(x, exactCdf(x));
  const inner = tf.mul(tf.mul(x, tf.add(tf.mul(tf.square(x), cubic), 1)), rootTwoOverPi);
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

function gradient(dy: tf.Tensor, x: tf.Tensor, approximate: 'none' | 'tanh'): tf.Tensor {
  if (approximate === 'none') {
    const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return tf.mul(dy, tf.add(exactCdf(x), tf.mul(x, density)));
  }
  const squared = tf.square(x);
  const t = tf.tanh(tf.mul(tf.mul(x, tf.add(tf.mul(squared, cubic), 1)), rootTwoOverPi));
  const slope = tf.mul(tf.add(tf.mul(squared, 3 * cubic), 1), rootTwoOverPi);
  const bend = tf.mul(tf.mul(x, tf.sub(1, tf.square(t))), slope);
  return tf.mul(dy, tf.mul(tf.add(tf.add(t, 1), bend), 0.5));
}

/**
 * Gaussian error linear unit: `x * Phi(x)`.
 *
 * @param x float32, any shape
 * @returns same shape
 * Source: Hendrycks and Gimpel 2016, arXiv 1606.08415; defined as `torch.nn.functional.gelu`.
 */
export function gelu<T extends tf.Tensor>(x: T, { approximate = 'none' }: GeluOptions = {}): T {
  const op = tf.customGrad((input: tf.Tensor | tf.GradSaveFunc, save: tf.Tensor | tf.GradSaveFunc) => {
    const source = input as tf.Tensor;
    (save as tf.GradSaveFunc)([source]);
    return {
      value: forward(source, approximate),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradient(dy, saved[0]!, approximate),
    };
  });
  return op(x) as T;
}
