import { checkPositive } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from './check.js';

/** A temperature: a number that a compiled step bakes in, or a scalar tensor that may change from step to step. */
export type Temperature = number | tf.Scalar;

/**
 * `x / temperature`.
 *
 * @throws InvalidOptionError unless a number is positive and finite; ShapeError unless a tensor is a float32 scalar
 */
export function cool<T extends tf.Tensor>(where: string, option: string, x: T, temperature: Temperature): T {
  if (typeof temperature === 'number') {
    checkPositive(where, { [option]: temperature });
    return tf.mul(x, 1 / temperature) as T;
  }
  checkTensor(where, option, temperature, []);
  return tf.div(x, temperature) as T;
}
