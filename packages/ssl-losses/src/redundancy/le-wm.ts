import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, layerNorm, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import type { Directions } from './random-directions.js';
import { sigReg, sigRegDefaults, type SigRegOptions } from './sig-reg.js';

/** Options of {@link leWM}. */
export interface LeWMOptions {
  /** Weight of {@link sigReg}. */
  readonly lambda?: number;
  /** Normalise predictions and targets over their features before they are compared. */
  readonly normalize?: boolean;
  readonly sigReg?: SigRegOptions;
}

const leWMOptionNames: OptionNames<LeWMOptions> = {
  lambda: 'optionalNumber',
  normalize: 'optionalFlag',
  sigReg: 'optional',
};

/** Defaults of {@link leWM}: arXiv 2603.19312, lambda 0.1. */
export const leWMDefaults = { lambda: 0.1, normalize: false, sigReg: sigRegDefaults } as const;

/**
 * Latent world model: mean squared error of predicted features of the next frames, and features that follow an
 * isotropic Gaussian over the batch: `mean |p - t|^2 + lambda sigReg(e)`, the statistic taken at each time and
 * averaged.
 *
 * @param predicted `[batch, time, dim]`
 * @param target features of the frames that came, same shape; no gradient flows into them
 * @param embeddings features of all frames, `[batch, frames, dim]`
 * @param directions a key that changes with the step, int32 `[2]`, or unit directions, `[dim, count]`
 * @returns scalar
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: LeWorldModel 2026, arXiv 2603.19312. Equal to lightly's `LeWMLoss` for the same directions.
 */
export function leWM(
  predicted: tf.Tensor3D,
  target: tf.Tensor3D,
  embeddings: tf.Tensor3D,
  directions: Directions,
  options: LeWMOptions = {},
): tf.Scalar {
  const { lambda, normalize, sigReg: sketch } = { ...leWMDefaults, ...checkOptions('leWM', options, leWMOptionNames) };
  checkTensor('leWM', 'predicted', predicted, ['batch', 'time', 'dim']);
  checkTensor('leWM', 'target', target, predicted.shape);
  const [batch, , dim] = predicted.shape;
  checkTensor('leWM', 'embeddings', embeddings, [batch, 'frames', dim]);
  checkNonNegative('leWM', { lambda });

  const norm = (x: tf.Tensor3D): tf.Tensor3D => (normalize ? layerNorm(x, tf.ones([dim]), tf.zeros([dim])) : x);
  const error = tf.mean(tf.squaredDifference(norm(predicted), norm(stopGradient(target))));
  const regularizer = sigReg(tf.transpose(embeddings, [1, 0, 2]), directions, sketch);
  return tf.add(error, tf.mul(regularizer, lambda));
}
