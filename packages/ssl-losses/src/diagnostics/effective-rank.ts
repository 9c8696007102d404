import type * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import { singularValuesOf } from './singular-values.js';

/**
 * Effective rank of features: `exp(-sum_k p_k log p_k)` with `p = s / sum s` of their singular values. Between 1 and the
 * rank; zero features have 0. In float64 on the host: a diagnostic, not for a training step.
 *
 * @param z `[rows, dim]`, a tensor or a host array
 * @returns a number in `[1, min(rows, dim)]`, or 0
 * @throws ShapeError on another rank or an empty tensor; DataError for NaN and infinities
 * Source: Roy and Vetterli 2007, The effective rank: a measure of effective dimensionality.
 */
export async function effectiveRank(z: tf.Tensor2D | NdArray): Promise<number> {
  return exponentOfEntropy(await singularValuesOf('effectiveRank', z), 0);
}

/** `exp(-sum_k p_k log p_k)` with `p_k = v_k / sum v + eps`; 0 where all values are 0. */
export function exponentOfEntropy(values: Float64Array, eps: number): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  if (total === 0) return 0;
  return Math.exp(
    values.reduce((entropy, value) => {
      const share = value / total + eps;
      return share > 0 ? entropy - share * Math.log(share) : entropy;
    }, 0),
  );
}
