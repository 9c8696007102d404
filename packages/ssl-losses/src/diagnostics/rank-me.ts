import type * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, type NdArray, type OptionNames } from '@selfsup/ssl-tensor/host';
import { exponentOfEntropy } from './effective-rank.js';
import { singularValuesOf } from './singular-values.js';

/** Options of {@link rankMe}. */
export interface RankMeOptions {
  /** Added to each share of the singular values, 0 or more. */
  readonly eps?: number;
}

const rankMeOptionNames: OptionNames<RankMeOptions> = {
  eps: 'optionalNumber',
};

/** Defaults of {@link rankMe}: arXiv 2210.02885, for float32. */
export const rankMeDefaults = { eps: 1e-7 } as const;

/**
 * Smooth rank of features, which predicts how well they transfer: `exp(-sum_k p_k log p_k)` with
 * `p_k = s_k / sum s + eps` of their singular values. Higher is better; zero features have 0. In float64 on the host: a
 * diagnostic, not for a training step.
 *
 * @param z `[rows, dim]`, a tensor or a host array; the authors take 25,600 rows
 * @returns a number, up to about `min(rows, dim)`
 * @throws ShapeError on another rank or an empty tensor; DataError for NaN and infinities; InvalidOptionError for `eps`
 * Source: Garrido et al. 2022 (RankMe), arXiv 2210.02885.
 */
export async function rankMe(z: tf.Tensor2D | NdArray, options: RankMeOptions = {}): Promise<number> {
  const { eps } = { ...rankMeDefaults, ...checkOptions('rankMe', options, rankMeOptionNames) };
  checkNonNegative('rankMe', { eps });
  return exponentOfEntropy(await singularValuesOf('rankMe', z), eps);
}
