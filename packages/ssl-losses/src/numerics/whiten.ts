import * as tf from '@tensorflow/tfjs-core';
import type { Stateful } from '@selfsup/ssl-tensor';
import { checkCount, checkOptions, checkShare, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensors } from './check-inputs.js';
import { checkTensor } from './check.js';
import { inverseCholesky } from './inverse-cholesky.js';

/** Options of {@link whiten}. */
export interface WhitenOptions {
  /** Share of the identity that is mixed into the covariance, in `[0, 1]`. */
  readonly eps?: number;
  /** Statistics to whiten with, instead of those of the batch. */
  readonly statistics?: WhiteningStatistics;
}

const whitenOptionNames: OptionNames<WhitenOptions> = {
  eps: 'optionalNumber',
  statistics: 'optional',
};

/** Defaults of {@link whiten}: arXiv 2007.06346, no shrinkage. */
export const whitenDefaults = { eps: 0 } as const;

/** Moving statistics of a whitening, for use after training: what a checkpoint must hold, by name. */
export class WhiteningStatistics implements Stateful {
  /** `mean`: `[dim]`, zeros at first; `covariance`: `[dim, dim]`, the identity at first. */
  readonly buffers: { readonly mean: tf.Variable<tf.Rank.R1>; readonly covariance: tf.Variable<tf.Rank.R2> };

  /**
   * @param momentum share of each new batch, in `[0, 1]`; 0.01 in the paper's code
   * @throws InvalidOptionError unless `dim` is a positive integer and `momentum` a share
   */
  constructor(
    dim: number,
    readonly momentum = 0.01,
  ) {
    checkCount('WhiteningStatistics', { dim });
    checkShare('WhiteningStatistics', { momentum });
    this.buffers = tf.tidy(() => ({
      mean: tf.variable(tf.zeros<tf.Rank.R1>([dim]), false),
      covariance: tf.variable(tf.eye(dim), false),
    }));
  }

  dispose(): void {
    Object.values(this.buffers).forEach((buffer) => buffer.dispose());
  }
}

/**
 * Rows without correlations: `(x - mean) L^-T` with the Cholesky factor `L` of their covariance, `L L^T`. With the
 * statistics of the batch that is Gram and Schmidt's orthogonalisation of the centred columns.
 *
 * @param x `[n, dim]`, more rows than columns; `[batch, n, dim]` whitens each batch by itself
 * @returns same shape
 * @throws ShapeError when the shapes do not match or there are too few rows; InvalidOptionError for options
 * Source: Ermolov et al. 2021 (W-MSE), arXiv 2007.06346; Siarohin et al. 2019, arXiv 1806.00420. Equal to
 * lightly's `Whitening2d`. Gradients flow through the statistics of the batch; accuracy as in `inverseCholesky`.
 */
export function whiten<T extends tf.Tensor>(x: T, options: WhitenOptions = {}): T {
  const { eps, statistics } = { ...whitenDefaults, ...checkOptions('whiten', options, whitenOptionNames) };
  checkTensors('whiten', { x });
  checkTensor('whiten', 'x', x, x.rank === 3 ? ['batch', 'n', 'dim'] : ['n', 'dim']);
  checkShare('whiten', { eps });
  const [rows, dim] = [x.shape.at(-2)!, x.shape.at(-1)!];
  const batches = tf.reshape(x, [-1, rows, dim]) as tf.Tensor3D;
  if (statistics !== undefined) {
    const { mean, covariance } = statistics.buffers;
    checkTensor('whiten', 'statistics', mean, [dim]);
    const inverse = inverseCholesky(tf.reshape(shrunk(covariance, eps), [1, dim, dim]));
    const centred = tf.reshape(tf.sub(batches, mean), [-1, dim]);
    return tf.reshape(tf.matMul(centred as tf.Tensor2D, tf.reshape(inverse, [dim, dim]), false, true), x.shape) as T;
  }
  const fewest = eps > 0 ? 2 : dim + 1;
  if (rows < fewest) throw new ShapeError('whiten', 'x', `${fewest} or more rows`, `[${x.shape.join(', ')}]`);
  const { mean, covariance } = moments(batches);
  const inverse = inverseCholesky(shrunk(covariance, eps) as tf.Tensor3D);
  return tf.reshape(tf.matMul(tf.sub(batches, mean) as tf.Tensor3D, inverse, false, true), x.shape) as T;
}

/** Mean `[batch, 1, dim]` and unbiased covariance `[batch, dim, dim]`. */
export function moments(x: tf.Tensor3D): { readonly mean: tf.Tensor3D; readonly covariance: tf.Tensor3D } {
  const mean = tf.mean(x, 1, true) as tf.Tensor3D;
  const centred = tf.mul(tf.sub(x, mean), 1 / Math.sqrt(x.shape[1] - 1)) as tf.Tensor3D;
  return { mean, covariance: tf.matMul(centred, centred, true) };
}

function shrunk(covariance: tf.Tensor, eps: number): tf.Tensor {
  if (eps === 0) return covariance;
  return tf.add(tf.mul(covariance, 1 - eps), tf.mul(tf.eye(covariance.shape.at(-1)!), eps));
}
