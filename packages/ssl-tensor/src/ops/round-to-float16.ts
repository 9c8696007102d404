import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor } from '@selfsup/ssl-core';
import { isTracing } from '../compile/active-trace.js';
import { halfValue } from '../lowering/half-value.js';
import { runOwnKernel } from './run-own-kernel.js';

/**
 * Rounds to float16: the values that a cast to float16 and back gives, to the nearest and in the middle to even, with
 * subnormal numbers, and infinity from 65,520 on. TF.js has no float16, so that the result is a float32 tensor whose
 * numbers all fit into 16 bits. The gradient passes unchanged (straight through).
 *
 * @param x float32, any shape
 * @returns same shape
 * Source: IEEE 754-2019, binary16; as torch's `x.half().float()`. Straight-through gradient: Bengio et al. 2013, arXiv
 * 1308.3432.
 */
export function roundToFloat16<T extends tf.Tensor>(x: T): T {
  checkIsTensor('roundToFloat16', 'x', x);
  const op = tf.customGrad((input: tf.Tensor | tf.GradSaveFunc) => {
    const source = input as tf.Tensor;
    const value = isTracing()
      ? runOwnKernel<tf.Tensor>('SslRoundToFloat16', { x: source })
      : tf.tensor(Float32Array.from(source.dataSync(), halfValue), source.shape, 'float32');
    return { value, gradFunc: (dy: tf.Tensor) => dy };
  });
  return op(x) as T;
}
