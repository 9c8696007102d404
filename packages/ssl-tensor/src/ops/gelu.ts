import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { isTracing } from '../compile/active-trace.js';
import { blockwise } from './blockwise.js';
import { runOwnKernel } from './run-own-kernel.js';

/** Form of GELU: `none` is exact (erf), `tanh` the approximation. */
export interface GeluOptions {
  readonly approximate?: 'none' | 'tanh';
}

const geluOptionNames: OptionNames<GeluOptions> = {
  approximate: 'optional',
};

const rootTwoOverPi = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

function exactCdf(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

function forward(x: tf.Tensor, approximate: 'none' | 'tanh'): tf.Tensor {
  if (isTracing()) return runOwnKernel('SslGelu', { x }, { approximate });
  if (approximate === 'none') return tf.mul(x, exactCdf(x));
  const inner = tf.mul(tf.mul(x, tf.add(tf.mul(tf.square(x), cubic), 1)), rootTwoOverPi);
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/**
 * Gradient of the exact form: `dy / 2 * (1 + erf(u) + 2 / sqrt(pi) * u / exp(u * u))`, `u = x / sqrt(2)`. Its own
 * gradient is written out, so that second derivatives work compiled too.
 */
function exactGradient(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [upstream, source, save] = args as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([upstream, source]);
    const gradFunc = (dz: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [outer, at] = saved as [tf.Tensor, tf.Tensor];
      const squared = tf.square(at);
      const density = tf.mul(tf.exp(tf.mul(squared, -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [exactGradient(dz, at), tf.mul(tf.mul(dz, outer), tf.mul(density, tf.sub(2, squared)))];
    };
    return { value: exactSlope(upstream, source), gradFunc };
  });
  return op(dy, x);
}

function exactSlope(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const [slope] = blockwise([dy, x], (outer, at) => {
    const u = tf.mul(at!, Math.SQRT1_2);
    const bell = tf.mul(tf.div(u, tf.exp(tf.mul(u, u))), 2 / Math.sqrt(Math.PI));
    const half = tf.mul(outer!, 0.5);
    return [tf.add(half, tf.mul(half, tf.add(tf.erf(u), bell)))];
  });
  return slope;
}

function gradient(dy: tf.Tensor, x: tf.Tensor, approximate: 'none' | 'tanh'): tf.Tensor {
  if (approximate === 'none') return exactGradient(dy, x);
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
export function gelu<T extends tf.Tensor>(x: T, options: GeluOptions = {}): T {
  checkIsTensor('gelu', 'x', x);
  const { approximate = 'none' } = checkOptions('gelu', options, geluOptionNames);
  checkChoice('gelu', 'approximate', approximate, ['none', 'tanh']);
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
