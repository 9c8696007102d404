import type * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import { gramMatrix } from '../transfer/gram-matrix.js';
import { hostRows } from './host-rows.js';
import { symmetricEigenvalues } from '../numerics/symmetric-eigenvalues.js';

/**
 * Singular values of features, in float64 on the host: a diagnostic, not for a training step.
 *
 * They are roots of the eigenvalues of `z z^T` or `z^T z`, whichever is smaller. Those below `max(rows, dim) * 2.2e-16` of
 * the largest eigenvalue are rounding errors and given as 0: singular values below about 1e-7 of the largest are lost.
 * The work is `max(rows, dim) * n^2 / 2 + 2/3 n^3` multiplications with `n = min(rows, dim)`.
 *
 * @param z `[rows, dim]`, a tensor or a host array
 * @returns `[min(rows, dim)]`, largest first
 * @throws ShapeError on another rank or an empty tensor; DataError for NaN and infinities
 * Source: as `numpy.linalg.svd` without vectors, but for the loss of small ones.
 */
export async function singularValues(z: tf.Tensor2D | NdArray): Promise<Float64Array> {
  return singularValuesOf('singularValues', z);
}

/** {@link singularValues} under another function's name in its errors. */
export async function singularValuesOf(where: string, z: tf.Tensor | NdArray): Promise<Float64Array> {
  const { data, shape } = await hostRows(where, z, ['rows', 'dim']);
  const [rows, dim] = shape as [number, number];
  const { gram, n } = gramMatrix(data, rows, dim);
  const squares = symmetricEigenvalues(gram, n);
  const floor = squares[0]! * Math.max(rows, dim) * Number.EPSILON;
  return squares.map((square) => (square > floor ? Math.sqrt(square) : 0));
}
