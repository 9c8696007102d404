import { checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from './schedule.js';

/**
 * The same value at every step.
 *
 * @throws InvalidOptionError when `value` is not finite
 */
export function constant(value: number): Schedule {
  checkNumber('constant', 'value', value);
  return () => value;
}
