import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkOptions, checkPositive, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';

/** Options of {@link eppsPulley}. */
export interface EppsPulleyOptions {
  /** Points of the frequency grid from 0 to `tMax`, 2 or more. */
  readonly knots?: number;
  /** Largest frequency: higher sees finer differences, and more noise. */
  readonly tMax?: number;
}

/** Names of {@link EppsPulleyOptions}. */
export const eppsPulleyOptionNames: OptionNames<EppsPulleyOptions> = {
  knots: 'optionalNumber',
  tMax: 'optionalNumber',
};

/** Defaults of {@link eppsPulley}: those of LeJEPA's code, arXiv 2511.08544. */
export const eppsPulleyDefaults = { knots: 17, tMax: 3 } as const;

/**
 * Distance of samples from the standard normal distribution, by the Epps-Pulley test:
 * `n integral |phi_n(t) - exp(-t^2 / 2)|^2 exp(-t^2 / 2) dt` over `[-tMax, tMax]`, with the empirical characteristic
 * function `phi_n(t) = mean_i exp(i t x_i)`, by the trapezoidal rule.
 *
 * @param x `[..., n, m]`: `m` sets of `n` samples, in columns
 * @returns `[..., m]`
 * @throws ShapeError below rank 2; InvalidOptionError for options
 * Source: Epps and Pulley 1983, 'A test for normality based on the empirical characteristic function'; Balestriero and
 * LeCun 2025, arXiv 2511.08544. Equal to the statistic inside lightly's `SIGReg`. It holds
 * `n * m * (knots - 1)` sines and cosines.
 */
export function eppsPulley(x: tf.Tensor, options: EppsPulleyOptions = {}): tf.Tensor {
  const { knots, tMax } = { ...eppsPulleyDefaults, ...checkOptions('eppsPulley', options, eppsPulleyOptionNames) };
  checkTensors('eppsPulley', { x });
  if (x.rank < 2) checkTensor('eppsPulley', 'x', x, ['n', 'm']);
  checkTensor('eppsPulley', 'x', x, x.shape);
  checkCount('eppsPulley', { knots }, 2);
  checkPositive('eppsPulley', { tMax });

  const gap = tMax / (knots - 1);
  // Frequency 0 is left out: both functions are 1 there, whatever the samples.
  const t = Array.from({ length: knots - 1 }, (_, k) => gap * (k + 1));
  const target = t.map((each) => Math.exp((-each * each) / 2));
  // Both halves of the axis are alike, so that inner points count twice; the last one has half a gap on each side.
  const weights = target.map((window, k) => (k === t.length - 1 ? gap : 2 * gap) * window * x.shape.at(-2)!);

  const angles = tf.mul(tf.expandDims(x, -1), tf.tensor1d(t));
  const real = tf.sub(tf.mean(tf.cos(angles), -3), tf.tensor1d(target));
  const imaginary = tf.mean(tf.sin(angles), -3);
  const error = tf.add(tf.square(real), tf.square(imaginary));
  return tf.sum(tf.mul(error, tf.tensor1d(weights)), -1);
}
