import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkShare, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Directions } from './random-directions.js';
import { sigReg, sigRegDefaults, type SigRegOptions } from './sig-reg.js';
import { viewInvariance } from './view-invariance.js';

/** Options of {@link leJEPA}. */
export interface LeJEPAOptions {
  /** Weight of {@link sigReg} in `[0, 1]`; the distance of the views has the rest. */
  readonly lambda?: number;
  readonly sigReg?: SigRegOptions;
}

const leJEPAOptionNames: OptionNames<LeJEPAOptions> = {
  lambda: 'optionalNumber',
  sigReg: 'optional',
};

/** Defaults of {@link leJEPA}: arXiv 2511.08544 and its code, lambda 0.05 (the paper tries 0.01 to 0.1). */
export const leJEPADefaults = { lambda: 0.05, sigReg: sigRegDefaults } as const;

/**
 * LeJEPA: all views near the centre of the global ones, and features that follow an isotropic Gaussian:
 * `lambda sigReg(z) + (1 - lambda) mean |z_v - mean_g z_g|^2`.
 *
 * @param globalViews `[globalViews, batch, dim]`
 * @param localViews `[localViews, batch, dim]`
 * @param directions a key that changes with the step, int32 `[2]`, or unit directions, `[dim, count]`
 * @returns scalar
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Balestriero and LeCun 2025, arXiv 2511.08544. Equal to lightly's `LeJEPALoss` for the same
 * directions.
 *
 * @example
 * const loss = leJEPA(tf.randomNormal([2, 8, 16]), tf.randomNormal([4, 8, 16]), tf.tensor1d([1, 2], 'int32'));
 */
export function leJEPA(
  globalViews: tf.Tensor3D,
  localViews: tf.Tensor3D,
  directions: Directions,
  options: LeJEPAOptions = {},
): tf.Scalar {
  const { lambda, sigReg: sketch } = { ...leJEPADefaults, ...checkOptions('leJEPA', options, leJEPAOptionNames) };
  checkShare('leJEPA', { lambda });
  const { views, distance } = viewInvariance('leJEPA', globalViews, localViews);
  return tf.add(tf.mul(sigReg(views, directions, sketch), lambda), tf.mul(distance, 1 - lambda));
}
