import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { Schedule } from '../schedules/schedule.js';

/**
 * What a schedule says for a step.
 *
 * @param option the schedule's name in the Trainer's options
 * @param most largest value that makes sense
 * @throws InvalidOptionError where it is no number from 0 to `most`: nothing, a promise, a tensor, NaN
 */
export function scheduledValue(option: string, schedule: Schedule, step: number, most = Infinity): number {
  const value: unknown = schedule(step);
  if (typeof value === 'number' && value >= 0 && value <= most && value < Infinity) return value;
  const range = most === Infinity ? 'a finite number >= 0' : `a number in [0, ${most}]`;
  const advice = value === undefined ? 'Is a return missing?' : undefined;
  throw new InvalidOptionError('Trainer', option, `${range} after ${step} steps`, value, advice);
}
