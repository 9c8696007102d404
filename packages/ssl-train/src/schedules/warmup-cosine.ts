import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { cosine } from './cosine.js';
import { linearWarmup } from './linear-warmup.js';
import { checkInteger } from '@selfsup/ssl-core';
import { endingSchedule, type Schedule } from './schedule.js';

/** Options of {@link warmupCosine}. */
export interface WarmupCosineOptions {
  /** Highest value, at the end of the warm-up. */
  readonly base: number;
  /** Steps of the linear rise; 0 for none. */
  readonly warmupSteps: number;
  /** Steps of the whole run, the warm-up included. */
  readonly totalSteps: number;
  /** Value from `totalSteps` on. Default 0. */
  readonly final?: number;
}

const warmupCosineOptionNames: OptionNames<WarmupCosineOptions> = {
  base: 'requiredNumber',
  warmupSteps: 'requiredNumber',
  totalSteps: 'requiredNumber',
  final: 'optionalNumber',
};

/**
 * Linear warm-up ({@link linearWarmup}) followed by half a cosine ({@link cosine}) over the remaining steps: the usual
 * schedule of contrastive and masked pretraining.
 *
 * Source: Chen et al. 2020 (SimCLR), arXiv 2002.05709, appendix B.6.
 *
 * @throws InvalidOptionError for numbers out of range
 */
export function warmupCosine(options: WarmupCosineOptions): Schedule {
  const { base, warmupSteps, totalSteps, final = 0 } = checkOptions('warmupCosine', options, warmupCosineOptionNames);
  const rise = linearWarmup({ base, warmupSteps });
  checkInteger('warmupCosine', 'totalSteps', totalSteps, 1);
  if (warmupSteps >= totalSteps)
    throw new InvalidOptionError('warmupCosine', 'warmupSteps', `less than totalSteps (${totalSteps})`, warmupSteps);
  const fall = cosine({ base, totalSteps: totalSteps - warmupSteps, final });
  return endingSchedule(totalSteps, (step) => (step < warmupSteps ? rise(step) : fall(step - warmupSteps)));
}
