import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkInteger, checkNumber } from '@selfsup/ssl-core';
import { endingSchedule, type Schedule } from './schedule.js';

/** Options of {@link cosine}. */
export interface CosineOptions {
  /** Value at step 0. */
  readonly base: number;
  /** Steps until `final` is reached. */
  readonly totalSteps: number;
  /** Value from `totalSteps` on. Default 0. */
  readonly final?: number;
}

const cosineOptionNames: OptionNames<CosineOptions> = {
  base: 'requiredNumber',
  totalSteps: 'requiredNumber',
  final: 'optionalNumber',
};

/**
 * Half a cosine from `base` to `final`: `final + (base - final) * (1 + cos(pi * step / totalSteps)) / 2`.
 * With `base` 0.996 and `final` 1 it is BYOL's momentum schedule (arXiv 2006.07733, section 3.2).
 *
 * Source: Loshchilov and Hutter 2016, arXiv 1608.03983, equation 5; PyTorch's `CosineAnnealingLR` with
 * `T_max = totalSteps`.
 *
 * @throws InvalidOptionError for numbers out of range
 */
export function cosine(options: CosineOptions): Schedule {
  const { base, totalSteps, final = 0 } = checkOptions('cosine', options, cosineOptionNames);
  checkNumber('cosine', 'base', base);
  checkNumber('cosine', 'final', final);
  checkInteger('cosine', 'totalSteps', totalSteps, 1);
  return endingSchedule(totalSteps, (step) =>
    step >= totalSteps ? final : final + ((base - final) * (1 + Math.cos((Math.PI * step) / totalSteps))) / 2,
  );
}
