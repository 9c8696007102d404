import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type NdArray, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { gramMatrix } from '../transfer/gram-matrix.js';
import { hostRows } from './host-rows.js';
import { symmetricEigenvalues } from '../numerics/symmetric-eigenvalues.js';

/** Options of {@link covarianceSpectrum}. */
export interface CovarianceSpectrumOptions {
  /** Scale the rows to length 1 first. */
  readonly normalize?: boolean;
}

/** Names of {@link CovarianceSpectrumOptions}. */
export const covarianceSpectrumOptionNames: OptionNames<CovarianceSpectrumOptions> = {
  normalize: 'optionalFlag',
};

/** Defaults of {@link covarianceSpectrum}: arXiv 2110.09348. */
export const covarianceSpectrumDefaults = { normalize: false } as const;

/**
 * Eigenvalues of the covariance of features, in float64 on the host: dimensional collapse shows as eigenvalues that are 0
 * or orders of magnitude below the first. A diagnostic, not for a training step.
 *
 * @param z `[rows, dim]`, a tensor or a host array, two rows or more
 * @returns `[dim]`, largest first, of the unbiased covariance; 0 beyond `rows - 1` and where rounding decides
 * @throws ShapeError on another rank or fewer rows; DataError for NaN and infinities
 * Source: Jing et al. 2021 (DirectCLR), arXiv 2110.09348, which divides by the number of rows.
 */
export async function covarianceSpectrum(
  z: tf.Tensor2D | NdArray,
  options: CovarianceSpectrumOptions = {},
): Promise<Float64Array> {
  const given = checkOptions('covarianceSpectrum', options, covarianceSpectrumOptionNames);
  return covarianceSpectrumOf('covarianceSpectrum', z, given);
}

/** {@link covarianceSpectrum} under another function's name in its errors. */
export async function covarianceSpectrumOf(
  where: string,
  z: tf.Tensor2D | NdArray,
  given: CovarianceSpectrumOptions,
): Promise<Float64Array> {
  const { normalize } = { ...covarianceSpectrumDefaults, ...given };
  const { data, shape } = await hostRows(where, z, ['rows', 'dim']);
  const [rows, dim] = shape as [number, number];
  if (rows < 2) throw new ShapeError(where, 'z', 'two or more rows', `[${shape.join(', ')}]`);
  if (normalize) scaleRows(data, rows, dim);
  centreColumns(data, rows, dim);
  const { gram, n } = gramMatrix(data, rows, dim);
  const values = symmetricEigenvalues(gram, n);
  const floor = values[0]! * Math.max(rows, dim) * Number.EPSILON;
  const spectrum = new Float64Array(dim);
  values.forEach((value, i) => (spectrum[i] = value > floor ? value / (rows - 1) : 0));
  return spectrum;
}

function scaleRows(data: Float64Array, rows: number, dim: number): void {
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * dim, (i + 1) * dim);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) row.forEach((value, j) => (row[j] = value / length));
  }
}

function centreColumns(data: Float64Array, rows: number, dim: number): void {
  for (let j = 0; j < dim; j++) {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += data[i * dim + j]!;
    for (let i = 0; i < rows; i++) data[i * dim + j]! -= sum / rows;
  }
}
