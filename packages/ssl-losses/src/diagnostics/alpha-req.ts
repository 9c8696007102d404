import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, DataError, InvalidOptionError, type NdArray, type OptionNames } from '@selfsup/ssl-tensor/host';
import { covarianceSpectrumOf } from './covariance-spectrum.js';

/** Options of {@link alphaReq}. */
export interface AlphaReqOptions {
  /** First and last eigenvalue of the fit, counted from 1, both included; those that are 0 are left out. */
  readonly range?: readonly [first: number, last: number];
}

const alphaReqOptionNames: OptionNames<AlphaReqOptions> = {
  range: 'optional',
};

/** Defaults of {@link alphaReq}: all eigenvalues. */
export const alphaReqDefaults = { range: [1, Number.MAX_SAFE_INTEGER] } as const;

/**
 * How fast the spectrum of features decays: the exponent `alpha` of `lambda_j ~ j^-alpha`, by least squares between
 * logarithms. Near 1 features tend to transfer best; larger is closer to collapse. In float64 on the host: a diagnostic, not
 * for a training step.
 *
 * @param z `[rows, dim]`, a tensor or a host array, two rows or more
 * @returns the exponent; 0 for a flat spectrum
 * @throws ShapeError on another rank or fewer rows; DataError for NaN, infinities, or fewer than two eigenvalues in the
 * range; InvalidOptionError for the range
 * Source: Agrawal et al. 2022 (alpha-ReQ), NeurIPS 2022.
 */
export async function alphaReq(z: tf.Tensor2D | NdArray, options: AlphaReqOptions = {}): Promise<number> {
  const { range } = { ...alphaReqDefaults, ...checkOptions('alphaReq', options, alphaReqOptionNames) };
  const [first, last] = range;
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || first < 1 || last <= first)
    throw new InvalidOptionError('alphaReq', 'range', 'two integers, the first 1 or more and below the second', range);
  const spectrum = await covarianceSpectrumOf('alphaReq', z, {});
  const points = [...spectrum]
    .map((value, i) => ({ place: i + 1, value }))
    .filter(({ place, value }) => place >= first && place <= last && value > 0)
    .map(({ place, value }) => [Math.log(place), Math.log(value)] as const);
  if (points.length < 2)
    throw new DataError(`alphaReq: z must have two or more eigenvalues above 0 in the range, got ${points.length}`);
  const [x, y] = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis]!, 0) / points.length);
  const [covariance, variance] = points.reduce(
    ([both, own], [a, b]) => [both + (a - x!) * (b - y!), own + (a - x!) ** 2],
    [0, 0],
  );
  return -covariance / variance;
}
