import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@selfsup/ssl-tensor';
import { takePlaces } from './take-places.js';

/**
 * The `count` places of `from` that are closest to any place of `to` in the same image, closest first, each with that
 * nearest place. Distances are Euclidean, between the coordinates.
 *
 * @param from vectors `[batch, n, dim]`
 * @param to vectors `[batch, m, dim]`
 * @param fromCoordinates what distances are taken of, `[batch, n, d]`; no gradient flows into it
 * @param toCoordinates `[batch, m, d]`
 * @returns the chosen vectors and their neighbours, each `[batch, min(count, n), dim]`
 * Source: Bardes et al. 2022, arXiv 2210.01571; ties may be broken otherwise than in lightly.
 */
export function nearestMatches(
  from: tf.Tensor3D,
  to: tf.Tensor3D,
  fromCoordinates: tf.Tensor3D,
  toCoordinates: tf.Tensor3D,
  count: number,
): readonly [chosen: tf.Tensor3D, neighbours: tf.Tensor3D] {
  const [a, b] = [stopGradient(fromCoordinates), stopGradient(toCoordinates)];
  const lengths = (x: tf.Tensor3D): tf.Tensor3D => tf.sum(tf.square(x), 2, true);
  const products = tf.matMul(a, b, false, true);
  const distances = tf.sub(tf.add(lengths(a), tf.transpose(lengths(b), [0, 2, 1])), tf.mul(products, 2));
  const nearest = tf.argMin(distances, 2) as tf.Tensor2D;
  const kept = Math.min(count, from.shape[1]);
  const closest = tf.topk(tf.neg(tf.min(distances, 2)) as tf.Tensor2D, kept).indices;
  return [takePlaces(from, closest), takePlaces(takePlaces(to, nearest), closest)];
}
