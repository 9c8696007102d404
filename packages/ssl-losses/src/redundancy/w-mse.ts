import * as tf from '@tensorflow/tfjs-core';
import { checkCount, foldInKey, randomPermutation, stopGradient, takeRows, type TensorKey } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { negativeCosine } from './negative-cosine.js';
import { moments, whiten, whitenDefaults, type WhiteningStatistics } from '../numerics/whiten.js';

/** Options of {@link wMSE}. */
export interface WMSEOptions {
  /** Views per image, 2 or more. */
  readonly numSamples?: number;
  /** Images that are whitened together, at least twice the features; divides the batch. */
  readonly wSize?: number;
  /** Random divisions of the batch that are averaged. */
  readonly wIter?: number;
  /** Share of the identity that is mixed into each covariance, in `[0, 1]`. */
  readonly eps?: number;
  /** Distance of two whitened views, each `[batch, dim]`: a scalar. Default `2 - 2 mean cos`. */
  readonly distance?: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Scalar;
  /** Statistics that follow those of the batches; the loss itself does not use them. */
  readonly statistics?: WhiteningStatistics;
}

const wmseOptionNames: OptionNames<WMSEOptions> = {
  numSamples: 'optionalNumber',
  wSize: 'optionalNumber',
  wIter: 'optionalNumber',
  eps: 'optionalNumber',
  distance: 'optionalFunction',
  statistics: 'optional',
};

/** Defaults of {@link wMSE}: those of lightly's `WMSELoss`, after arXiv 2007.06346. */
export const wMSEDefaults = {
  numSamples: 2,
  wSize: 256,
  wIter: 1,
  ...whitenDefaults,
  distance: (a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar =>
    tf.add(tf.mul(negativeCosine(a, b, { stopGradient: false }), 2), 2),
} as const;

/**
 * Distance of whitened views: the batch is divided at random into parts, each view of a part is whitened by itself, and
 * all pairs of views are compared. The mean over pairs and divisions.
 *
 * @param z features `[numSamples * batch, dim]`, view after view
 * @param key of the divisions, int32 `[2]`; must change with the step. Without effect for one part
 * @returns scalar
 * @throws ShapeError when the shapes do not match, or the parts are too small or do not divide the batch;
 * InvalidOptionError for options
 * Source: Ermolov et al. 2021, arXiv 2007.06346. Equal to lightly's `WMSELoss`.
 *
 * @example
 * const loss = wMSE(tf.randomNormal([2 * 32, 8]), tf.tensor1d([1, 2], 'int32'), { wSize: 16 });
 */
export function wMSE(z: tf.Tensor2D, key: TensorKey, options: WMSEOptions = {}): tf.Scalar {
  const { numSamples, wSize, wIter, eps, distance, statistics } = {
    ...wMSEDefaults,
    ...checkOptions('wMSE', options, wmseOptionNames),
  };
  checkTensor('wMSE', 'z', z, ['numSamples * batch', 'dim']);
  checkTensor('wMSE', 'key', key, [2], ['int32']);
  checkCount('wMSE', { numSamples }, 2);
  checkCount('wMSE', { wSize, wIter });
  const [rows, dim] = z.shape;
  if (wSize < 2 * dim) throw new InvalidOptionError('wMSE', 'wSize', `${2 * dim} or more, twice the features`, wSize);
  if (rows === 0 || rows % (numSamples * wSize) !== 0)
    throw new ShapeError('wMSE', 'z', `[n * ${numSamples * wSize}, dim], n parts of each view`, `[${rows}, ${dim}]`);
  const batch = rows / numSamples;

  const losses: tf.Scalar[] = [];
  for (let iteration = 0; iteration < wIter; iteration++) {
    const order = batch === wSize ? z : shuffled(z, foldInKey(key, iteration), numSamples);
    const parts = tf.reshape(order, [-1, wSize, dim]) as tf.Tensor3D;
    if (statistics !== undefined) follow(statistics, parts, numSamples);
    const white = tf.reshape(whiten(parts, { eps }), [rows, dim]) as tf.Tensor2D;
    const views = tf.split(white, numSamples, 0) as tf.Tensor2D[];
    views.forEach((view, i) => views.slice(i + 1).forEach((other) => losses.push(distance(view, other))));
  }
  return tf.mul(tf.addN(losses), 1 / losses.length);
}

/** The same order of images in every view. */
function shuffled(z: tf.Tensor2D, key: TensorKey, views: number): tf.Tensor2D {
  const batch = z.shape[0] / views;
  const order = tf.reshape(randomPermutation(key, batch), [1, batch]);
  const first = tf.mul(tf.reshape(tf.range(0, views, 1, 'int32'), [views, 1]), tf.scalar(batch, 'int32'));
  return takeRows(z, tf.reshape(tf.add(order, first), [views * batch])) as tf.Tensor2D;
}

/** Moves the statistics by one step for each part of each view, part after part. */
function follow({ buffers, momentum }: WhiteningStatistics, parts: tf.Tensor3D, views: number): void {
  const [count, , dim] = parts.shape;
  const perView = count / views;
  const weights = Float32Array.from({ length: count }, (_, index) => {
    const turn = (index % perView) * views + Math.floor(index / perView);
    return momentum * (1 - momentum) ** (count - 1 - turn);
  });
  const { mean, covariance } = moments(stopGradient(parts));
  const moved = (old: tf.Tensor, current: tf.Tensor, shape: number[]): tf.Tensor => {
    const average = tf.matMul(tf.tensor2d(weights, [1, count]), tf.reshape(current, [count, -1]) as tf.Tensor2D);
    return tf.add(tf.mul(old, (1 - momentum) ** count), tf.reshape(average, shape));
  };
  buffers.mean.assign(moved(buffers.mean, mean, [dim]) as tf.Tensor1D);
  buffers.covariance.assign(moved(buffers.covariance, covariance, [dim, dim]) as tf.Tensor2D);
}
