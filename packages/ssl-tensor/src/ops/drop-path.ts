import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, checkOptions, checkRate, type OptionNames } from '@selfsup/ssl-core';
import { randomUniform, type TensorKey } from './random-uniform.js';

/** Options of {@link dropPath}. */
export interface DropPathOptions {
  /** Multiply what is kept by `1 / (1 - rate)`, so that the mean over draws is x. Default true, as in timm. */
  readonly scaleByKeep?: boolean;
}

const dropPathOptionNames: OptionNames<DropPathOptions> = {
  scaleByKeep: 'optionalFlag',
};

/**
 * Stochastic depth: zeroes whole samples with probability `rate`. Applied to a residual branch, it skips the block for
 * these samples.
 *
 * @param x `[batch, ...]`, float32
 * @param rate in `[0, 1)`
 * @param key int32 `[2]`; use a key for one branch only. The same samples are dropped eagerly and compiled
 * @returns same shape
 * @throws InvalidOptionError when `rate` is outside `[0, 1)`
 * Source: Huang et al. 2016, arXiv 1603.09382; defined as timm's `drop_path` in training.
 */
export function dropPath<T extends tf.Tensor>(x: T, rate: number, key: TensorKey, options: DropPathOptions = {}): T {
  checkIsTensor('dropPath', 'x', x);
  const { scaleByKeep = true } = checkOptions('dropPath', options, dropPathOptionNames);
  checkRate('dropPath', { rate });
  if (rate === 0) return x;
  const samples = x.shape.map((size, axis) => (axis === 0 ? size : 1));
  const kept = tf.cast(tf.greaterEqual(randomUniform(key, samples), rate), 'float32');
  return tf.mul(x, scaleByKeep ? tf.mul(kept, 1 / (1 - rate)) : kept) as T;
}
