import * as tf from '@tensorflow/tfjs-core';
import type { Stateful } from '@selfsup/ssl-tensor';
import { checkCount, checkNonNegative, checkShare, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';

/** Options of {@link tico}. */
export interface TiCoOptions {
  /** Share of the old covariance that stays, in `[0, 1]`. */
  readonly beta?: number;
  /** Weight of the contrast against the covariance. */
  readonly rho?: number;
  /** Keep the new covariance for the next step; off when the loss is only looked at. */
  readonly updateCovariance?: boolean;
}

const tiCoOptionNames: OptionNames<TiCoOptions> = {
  beta: 'optionalNumber',
  rho: 'optionalNumber',
  updateCovariance: 'optionalFlag',
};

/** Defaults of {@link tico}: those of lightly's `TiCoLoss`, after arXiv 2206.10698. */
export const ticoDefaults = { beta: 0.9, rho: 8, updateCovariance: true } as const;

/** The moving second moment of {@link tico}: what a checkpoint must hold, by name. */
export class TiCoState implements Stateful {
  /** `covariance`: `[dim, dim]`, zeros at first. */
  readonly buffers: { readonly covariance: tf.Variable<tf.Rank.R2> };

  /** @throws InvalidOptionError unless `dim` is a positive integer */
  constructor(dim: number) {
    checkCount('TiCoState', { dim });
    this.buffers = { covariance: tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R2>([dim, dim]), false)) };
  }

  /**
   * Moves the covariance by rows, as {@link tico} does with `updateCovariance`: for updates of several batches.
   *
   * @param z online features `[rows, dim]`
   * @param beta share of the old covariance that stays, in `[0, 1]`
   * @throws ShapeError for rows of another width; InvalidOptionError for a share out of range
   */
  update(z: tf.Tensor2D, beta: number): void {
    const { covariance } = this.buffers;
    checkTensor('TiCoState.update', 'z', z, ['rows', covariance.shape[0]]);
    checkShare('TiCoState.update', { beta });
    tf.tidy(() => covariance.assign(moved(covariance, l2Normalize(z), beta)));
  }

  dispose(): void {
    this.buffers.covariance.dispose();
  }
}

/**
 * Agreement of two views, and contrast against a moving covariance:
 * `1 - mean_i a_i . b_i + rho mean_i a_i^T C a_i`, with `C <- beta C + (1 - beta) a^T a / batch`, over rows that are
 * scaled to length 1. No gradient flows into `C`.
 *
 * @param zA online features `[batch, dim]`, two rows or more
 * @param zB features of the momentum network `[batch, dim]`; pass them through `stopGradient` if they have one
 * @param state read, and assigned unless `updateCovariance` is off
 * @returns scalar
 * @throws ShapeError when the shapes do not match or there is one row; InvalidOptionError for options
 * Source: Zhu et al. 2022, arXiv 2206.10698. Equal to lightly's `TiCoLoss`.
 *
 * @example
 * const state = new TiCoState(16);
 * const loss = tico(tf.randomNormal([8, 16]), tf.randomNormal([8, 16]), state);
 */
export function tico(zA: tf.Tensor2D, zB: tf.Tensor2D, state: TiCoState, options: TiCoOptions = {}): tf.Scalar {
  const { beta, rho, updateCovariance } = { ...ticoDefaults, ...checkOptions('tico', options, tiCoOptionNames) };
  if (!(state instanceof TiCoState))
    throw new InvalidOptionError('tico', 'state', 'a TiCoState, which is kept from step to step', state);
  const { covariance } = state.buffers;
  checkTensor('tico', 'zA', zA, ['batch', covariance.shape[0]]);
  checkTensor('tico', 'zB', zB, zA.shape);
  checkShare('tico', { beta });
  checkNonNegative('tico', { rho });
  const batch = zA.shape[0];
  if (batch < 2) throw new ShapeError('tico', 'zA', 'two or more rows', `[${zA.shape.join(', ')}]`);

  const [a, b] = [l2Normalize(zA), l2Normalize(zB)];
  const next = moved(covariance, stopGradient(a), beta);
  if (updateCovariance) covariance.assign(next);
  const agreement = tf.mean(tf.sum(tf.mul(a, b), 1));
  const contrast = tf.mean(tf.sum(tf.mul(tf.matMul(a, next), a), 1));
  return tf.add(tf.sub(1, agreement), tf.mul(contrast, rho));
}

/** The covariance moved by rows of length 1. */
function moved(covariance: tf.Tensor2D, rows: tf.Tensor2D, beta: number): tf.Tensor2D {
  const moment = tf.mul(tf.matMul(rows, rows, true), (1 - beta) / rows.shape[0]);
  return tf.add(tf.mul(covariance, beta), moment);
}
