import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, checkRate } from '@selfsup/ssl-core';
import { randomUniform, type TensorKey } from './random-uniform.js';

/**
 * Inverted dropout: zeroes elements with probability `rate` and scales the rest by `1 / (1 - rate)`.
 *
 * @param x float32, any shape
 * @param rate in `[0, 1)`
 * @param key int32 `[2]`; use a key for one dropout only
 * @returns same shape
 * @throws InvalidOptionError when `rate` is outside `[0, 1)`
 * Source: Srivastava et al. 2014.
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, key: TensorKey): T {
  checkIsTensor('dropout', 'x', x);
  checkRate('dropout', { rate });
  if (rate === 0) return x;
  const kept = tf.cast(tf.greaterEqual(randomUniform(key, x.shape), rate), 'float32');
  return tf.mul(x, tf.mul(kept, 1 / (1 - rate))) as T;
}
