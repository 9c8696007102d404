import * as tf from '@tensorflow/tfjs-core';

/**
 * Largest whole number whose product with `divisor` is at most the dividend.
 *
 * A compiler may multiply by the reciprocal instead of dividing, which falls short of exact quotients; the remainder,
 * which is exact, says so.
 *
 * @param dividend whole numbers, 0 .. 2^24
 */
export function wholeQuotient(dividend: tf.Tensor4D, divisor: number): tf.Tensor4D {
  const quotient = tf.floor(tf.div(dividend, divisor));
  const rest = tf.sub(dividend, tf.mul(quotient, divisor));
  const tooSmall = tf.cast(tf.greaterEqual(rest, divisor), 'float32');
  const tooLarge = tf.cast(tf.less(rest, 0), 'float32');
  return tf.sub(tf.add(quotient, tooSmall), tooLarge);
}
