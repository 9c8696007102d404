import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkInteger, checkNumber } from '@selfsup/ssl-core';
import { endingSchedule, type Schedule } from './schedule.js';

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** Highest value. */
  readonly max: number;
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** Part of the run in which the value rises, in (0, 1). */
  readonly riseFraction?: number;
  /** The first value is `max / startDivisor`. */
  readonly startDivisor?: number;
  /** The last value is `max / startDivisor / finalDivisor`. */
  readonly finalDivisor?: number;
  /** Form of both slopes. */
  readonly anneal?: 'cosine' | 'linear';
}

const oneCycleOptionNames: OptionNames<OneCycleOptions> = {
  max: 'requiredNumber',
  totalSteps: 'requiredNumber',
  riseFraction: 'optionalNumber',
  startDivisor: 'optionalNumber',
  finalDivisor: 'optionalNumber',
  anneal: 'optional',
};

/** PyTorch's defaults of `OneCycleLR`: pct_start 0.3, div_factor 25, final_div_factor 1e4, cosine. */
export const oneCycleDefaults = {
  riseFraction: 0.3,
  startDivisor: 25,
  finalDivisor: 1e4,
  anneal: 'cosine',
} as const satisfies Partial<OneCycleOptions>;

/**
 * One rise from `max / startDivisor` to `max` at step `riseFraction * totalSteps - 1`, then one fall to
 * `max / startDivisor / finalDivisor` at step `totalSteps - 1`; constant afterwards.
 *
 * Source: Smith and Topin 2017, arXiv 1708.07120; PyTorch's `OneCycleLR` (two phases).
 *
 * @throws InvalidOptionError for numbers out of range
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const { max, totalSteps, riseFraction, startDivisor, finalDivisor, anneal } = {
    ...oneCycleDefaults,
    ...checkOptions('oneCycle', options, oneCycleOptionNames),
  };
  if (anneal !== 'cosine' && anneal !== 'linear')
    throw new InvalidOptionError('oneCycle', 'anneal', "'cosine' or 'linear'", anneal);
  checkNumber('oneCycle', 'max', max);
  checkInteger('oneCycle', 'totalSteps', totalSteps, 1);
  if (!(riseFraction > 0 && riseFraction < 1))
    throw new InvalidOptionError('oneCycle', 'riseFraction', 'in (0, 1)', riseFraction);
  for (const [name, divisor] of Object.entries({ startDivisor, finalDivisor })) {
    if (!(Number.isFinite(divisor) && divisor > 0))
      throw new InvalidOptionError('oneCycle', name, 'a number > 0', divisor);
  }
  const first = max / startDivisor;
  const last = first / finalDivisor;
  const peak = riseFraction * totalSteps - 1;
  const end = totalSteps - 1;
  const slope = (from: number, to: number, part: number): number =>
    anneal === 'linear' ? from + (to - from) * part : to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
  return endingSchedule(totalSteps, (step) => {
    // A run too short to rise starts at the peak.
    if (step <= peak) return peak === 0 ? max : slope(first, max, step / peak);
    return slope(max, last, Math.min(1, (step - peak) / (end - peak)));
  });
}
