import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkShare, type NdArray, type OptionNames } from '@selfsup/ssl-tensor/host';
import {
  covarianceSpectrumOf,
  covarianceSpectrumOptionNames,
  type CovarianceSpectrumOptions,
} from './covariance-spectrum.js';

/** Options of {@link collapsedDimensions}. */
export interface CollapsedDimensionsOptions extends CovarianceSpectrumOptions {
  /** Share of the largest eigenvalue below which a dimension counts as collapsed, in `[0, 1]`. */
  readonly threshold?: number;
}

const collapsedDimensionsOptionNames: OptionNames<CollapsedDimensionsOptions> = {
  ...covarianceSpectrumOptionNames,
  threshold: 'optionalNumber',
};

/**
 * Defaults of {@link collapsedDimensions}. The paper reads collapse off a plot of logarithms; 1e-6 is a thousandth of the
 * largest standard deviation.
 */
export const collapsedDimensionsDefaults = { threshold: 1e-6 } as const;

/**
 * Dimensional collapse as one number: the share of eigenvalues of the covariance that are below `threshold` times the
 * largest. Constant features have 1. In float64 on the host: a diagnostic, not for a training step.
 *
 * @param z `[rows, dim]`, a tensor or a host array; with fewer rows than dimensions, those beyond the rows count as collapsed
 * @returns a number in `[0, 1]`
 * @throws ShapeError on another rank or fewer than two rows; DataError for NaN and infinities; InvalidOptionError for options
 * Source: Jing et al. 2021 (DirectCLR), arXiv 2110.09348.
 */
export async function collapsedDimensions(
  z: tf.Tensor2D | NdArray,
  options: CollapsedDimensionsOptions = {},
): Promise<number> {
  const { threshold, ...rest } = {
    ...collapsedDimensionsDefaults,
    ...checkOptions('collapsedDimensions', options, collapsedDimensionsOptionNames),
  };
  checkShare('collapsedDimensions', { threshold });
  const spectrum = await covarianceSpectrumOf('collapsedDimensions', z, rest);
  const least = threshold * spectrum[0]!;
  return spectrum.filter((value) => value < least || value === 0).length / spectrum.length;
}
