import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { Schedule } from '../schedules/schedule.js';

/** What a scheduled value may be, ends included. */
export interface ValueRange {
  readonly least: number;
  readonly most: number;
}

/**
 * What a schedule says for a step.
 *
 * @param option the schedule's name in the Trainer's options
 * @throws InvalidOptionError where it is no finite number of the range: nothing, a promise, a tensor, NaN
 */
export function scheduledValue(
  option: string,
  schedule: Schedule,
  step: number,
  { least, most }: ValueRange = { least: 0, most: Infinity },
): number {
  const value: unknown = schedule(step);
  if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most) return value;
  const range = most < Infinity ? `a number in [${least}, ${most}]` : `a finite number${least === 0 ? ' >= 0' : ''}`;
  const advice = value === undefined ? 'Is a return missing?' : undefined;
  throw new InvalidOptionError('Trainer', option, `${range} after ${step} steps`, value, advice);
}
