import type * as tf from '@tensorflow/tfjs-core';
import {
  checkNonNegative,
  checkOptions,
  checkPositive,
  type NdArray,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { exponentOfEntropy } from './effective-rank.js';
import { hostRows } from './host-rows.js';
import { symmetricEigenvalues } from '../numerics/symmetric-eigenvalues.js';

/** Options of {@link lidar}. */
export interface LidarOptions {
  /** Added to the variance within images, positive. */
  readonly delta?: number;
  /** Added to each share of the eigenvalues, 0 or more. */
  readonly eps?: number;
}

const lidarOptionNames: OptionNames<LidarOptions> = {
  delta: 'optionalNumber',
  eps: 'optionalNumber',
};

/** Defaults of {@link lidar}: delta 1e-4 of arXiv 2312.04000, eps of RankMe (arXiv 2210.02885). */
export const lidarDefaults = { delta: 1e-4, eps: 1e-7 } as const;

/**
 * Rank of what tells images apart, beside what tells their views apart: `exp(-sum_k p_k log p_k)` with
 * `p_k = l_k / sum l + eps` of the eigenvalues of `W^-1/2 B W^-1/2`, where `B` is the covariance of the images' means and
 * `W` that of views around them, plus `delta`. Higher is better; images that do not differ have 0. In float64 on the host: a
 * diagnostic, not for a training step.
 *
 * @param z `[images, views, dim]`, a tensor or a host array, two images and two views or more; the authors take 1,000
 * images in 50 views
 * @returns a number, up to about `min(images - 1, dim)`
 * @throws ShapeError on another rank or fewer images or views; DataError for NaN and infinities; InvalidOptionError for
 * options
 * Source: Thilak et al. 2023 (LiDAR), arXiv 2312.04000.
 */
export async function lidar(z: tf.Tensor3D | NdArray, options: LidarOptions = {}): Promise<number> {
  const { delta, eps } = { ...lidarDefaults, ...checkOptions('lidar', options, lidarOptionNames) };
  checkPositive('lidar', { delta });
  checkNonNegative('lidar', { eps });
  const { data, shape } = await hostRows('lidar', z, ['images', 'views', 'dim']);
  const [images, views, dim] = shape as [number, number, number];
  if (images < 2 || views < 2)
    throw new ShapeError('lidar', 'z', 'two or more images, each in two or more views', `[${shape.join(', ')}]`);

  const means = averages(data, images, views, dim);
  const centre = averages(means, 1, images, dim);
  const between = scatter(means, (row) => centre.subarray(0, row.length), dim);
  const within = scatter(
    data,
    (_, i) => means.subarray(Math.floor(i / views) * dim, (Math.floor(i / views) + 1) * dim),
    dim,
  );
  for (let i = 0; i < dim; i++) within[i * dim + i]! += delta;
  whiten(between, choleskyFactor(within, dim), dim);
  const values = symmetricEigenvalues(between, dim);
  const floor = values[0]! * dim * Number.EPSILON;
  return exponentOfEntropy(
    values.map((value) => (value > floor ? value : 0)),
    eps,
  );
}

/** Means over the middle axis of `[groups, size, dim]`. */
function averages(data: Float64Array, groups: number, size: number, dim: number): Float64Array {
  const means = new Float64Array(groups * dim);
  for (let i = 0; i < groups * size; i++)
    for (let j = 0; j < dim; j++) means[Math.floor(i / size) * dim + j]! += data[i * dim + j]! / size;
  return means;
}

/** Mean outer product of rows around their centres, `[dim, dim]`. */
function scatter(
  data: Float64Array,
  centreOf: (row: Float64Array, index: number) => Float64Array,
  dim: number,
): Float64Array {
  const rows = data.length / dim;
  const matrix = new Float64Array(dim * dim);
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * dim, (i + 1) * dim);
    const centre = centreOf(row, i);
    const off = row.map((value, j) => value - centre[j]!);
    for (let a = 0; a < dim; a++) for (let b = 0; b < dim; b++) matrix[a * dim + b]! += (off[a]! * off[b]!) / rows;
  }
  return matrix;
}

/** Lower triangle `L` with `L L^T` a positive definite matrix. */
function choleskyFactor(matrix: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) rest -= factor[i * n + k]! * factor[j * n + k]!;
      factor[i * n + j] = i === j ? Math.sqrt(rest) : rest / factor[j * n + j]!;
    }
  return factor;
}

/** `M <- L^-1 M L^-T`, which has the eigenvalues of `W^-1/2 M W^-1/2` with `W = L L^T`. */
function whiten(matrix: Float64Array, factor: Float64Array, n: number): void {
  const solve = (at: (i: number) => number): void => {
    for (let i = 0; i < n; i++) {
      let rest = matrix[at(i)]!;
      for (let k = 0; k < i; k++) rest -= factor[i * n + k]! * matrix[at(k)]!;
      matrix[at(i)] = rest / factor[i * n + i]!;
    }
  };
  for (let column = 0; column < n; column++) solve((i) => i * n + column);
  for (let row = 0; row < n; row++) solve((i) => row * n + i);
}
