import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkInteger, checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from './schedule.js';

/** Options of {@link inverseSquareRoot}. */
export interface InverseSquareRootOptions {
  /** Value at the end of the warm-up. */
  readonly base: number;
  /** Steps of the linear rise from 0, at least 1. */
  readonly warmupSteps: number;
  /** Steps over which the fall is stretched. Default `warmupSteps`. */
  readonly timescale?: number;
}

const inverseSquareRootOptionNames: OptionNames<InverseSquareRootOptions> = {
  base: 'requiredNumber',
  warmupSteps: 'requiredNumber',
  timescale: 'optionalNumber',
};

/**
 * `base * step / warmupSteps` in the warm-up, then `base / sqrt(1 + (step - warmupSteps) / timescale)`: for runs whose
 * length is not known before. The first step's value is 0.
 *
 * Source: Vaswani et al. 2017, arXiv 1706.03762, section 5.3; transformers' `get_inverse_sqrt_schedule`.
 *
 * @throws InvalidOptionError for numbers out of range
 */
export function inverseSquareRoot(options: InverseSquareRootOptions): Schedule {
  const where = 'inverseSquareRoot';
  const all = checkOptions(where, options, inverseSquareRootOptionNames);
  const { base, warmupSteps, timescale = warmupSteps } = all;
  checkNumber(where, 'base', base);
  checkInteger(where, 'warmupSteps', warmupSteps, 1);
  checkInteger(where, 'timescale', timescale, 1);
  return (step) =>
    step < warmupSteps ? (base * step) / warmupSteps : base / Math.sqrt(1 + (step - warmupSteps) / timescale);
}
