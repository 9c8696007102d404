import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkInteger, checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from './schedule.js';

/** Options of {@link linearWarmup}. */
export interface LinearWarmupOptions {
  /** Value after the warm-up. */
  readonly base: number;
  /** Steps of the warm-up; 0 for none. */
  readonly warmupSteps: number;
}

const linearWarmupOptionNames: OptionNames<LinearWarmupOptions> = {
  base: 'requiredNumber',
  warmupSteps: 'requiredNumber',
};

/**
 * Linear rise, then constant: `base * min(1, (step + 1) / warmupSteps)`. The first step already has
 * `base / warmupSteps`, so that it is not lost.
 *
 * Source: Goyal et al. 2017, arXiv 1706.02677, section 2.2; the `step + 1` form is that of lightly's
 * `CosineWarmupScheduler`.
 *
 * @throws InvalidOptionError for numbers out of range
 */
export function linearWarmup(options: LinearWarmupOptions): Schedule {
  const { base, warmupSteps } = checkOptions('linearWarmup', options, linearWarmupOptionNames);
  checkNumber('linearWarmup', 'base', base);
  checkInteger('linearWarmup', 'warmupSteps', warmupSteps, 0);
  return (step) => (step + 1 >= warmupSteps ? base : (base * (step + 1)) / warmupSteps);
}
