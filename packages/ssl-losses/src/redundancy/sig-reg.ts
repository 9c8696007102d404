import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { eppsPulley, eppsPulleyDefaults, eppsPulleyOptionNames, type EppsPulleyOptions } from './epps-pulley.js';
import { resolveDirections, type Directions } from './random-directions.js';

/** Options of {@link sigReg}. */
export interface SigRegOptions extends EppsPulleyOptions {
  /** Random directions to draw when a key is given. */
  readonly numVectors?: number;
}

const sigRegOptionNames: OptionNames<SigRegOptions> = {
  ...eppsPulleyOptionNames,
  numVectors: 'optionalNumber',
};

/** Defaults of {@link sigReg}: those of LeJEPA's code, arXiv 2511.08544. */
export const sigRegDefaults = { ...eppsPulleyDefaults, numVectors: 1024 } as const;

/**
 * Sketched isotropic Gaussian regularisation: features are projected on random directions, and the mean distance of the
 * projections from the standard normal distribution, {@link eppsPulley}, is the loss.
 *
 * @param z `[..., batch, dim]`; each batch of the leading axes is a set of samples of its own
 * @param directions a key that changes with the step, int32 `[2]`, or unit directions, `[dim, count]`
 * @returns scalar
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Balestriero and LeCun 2025 (LeJEPA), arXiv 2511.08544, algorithm 1. Equal to lightly's `SIGReg`
 * for the same directions.
 *
 * @example
 * const loss = sigReg(tf.randomNormal([32, 16]), tf.tensor1d([1, 2], 'int32'), { numVectors: 64 });
 */
export function sigReg(z: tf.Tensor, directions: Directions, options: SigRegOptions = {}): tf.Scalar {
  const { numVectors, ...statistic } = { ...sigRegDefaults, ...checkOptions('sigReg', options, sigRegOptionNames) };
  checkTensors('sigReg', { z });
  if (z.rank < 2) checkTensor('sigReg', 'z', z, ['batch', 'dim']);
  checkTensor('sigReg', 'z', z, z.shape);
  const dim = z.shape.at(-1)!;
  // One matrix product whatever the leading axes.
  const vectors = resolveDirections('sigReg', directions, dim, numVectors);
  const projections = tf.matMul(tf.reshape(z, [-1, dim]) as tf.Tensor2D, vectors);
  return tf.mean(eppsPulley(tf.reshape(projections, [...z.shape.slice(0, -1), vectors.shape[1]]), statistic));
}
