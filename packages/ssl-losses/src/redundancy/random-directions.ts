import * as tf from '@tensorflow/tfjs-core';
import { checkCount, randomNormal, type TensorKey } from '@selfsup/ssl-tensor';
import { checkTensor } from '../numerics/check.js';

/** A random key to draw directions from, int32 `[2]`, or the directions themselves as columns, `[dim, count]`. */
export type Directions = TensorKey | tf.Tensor2D;

/**
 * Random directions, evenly spread over the sphere.
 *
 * @param key int32 `[2]`; the same key gives the same directions
 * @param dim length of each
 * @param count how many
 * @returns `[dim, count]`, columns of length 1
 * @throws InvalidOptionError unless `dim` and `count` are positive integers; ShapeError for another key
 * Source: normal numbers scaled to length 1, as lightly's `SIGReg` draws its directions.
 */
export function randomDirections(key: TensorKey, dim: number, count: number): tf.Tensor2D {
  checkCount('randomDirections', { dim, count });
  checkTensor('randomDirections', 'key', key, [2], ['int32']);
  const drawn = randomNormal(key, [dim, count]);
  const squared = tf.maximum(tf.sum(tf.square(drawn), 0, true), 1e-12);
  return tf.mul(drawn, tf.rsqrt(squared));
}

/** The directions that `directions` holds or stands for. */
export function resolveDirections(where: string, directions: Directions, dim: number, count: number): tf.Tensor2D {
  if (directions.rank === 1) return randomDirections(directions as TensorKey, dim, count);
  checkTensor(where, 'directions', directions, [dim, 'count']);
  return directions as tf.Tensor2D;
}
