import { InvalidOptionError } from '../errors/invalid-option-error.js';

type Numbers = Readonly<Record<string, number>>;

/**
 * Refuses what is no finite number in a closed range.
 *
 * @param where the function or class, as its caller writes it
 * @throws InvalidOptionError unless `value` is a finite number in `[least, most]`
 */
export function checkNumber(where: string, option: string, value: number, least = -Infinity, most = Infinity): void {
  if (Number.isFinite(value) && value >= least && value <= most) return;
  let expected = 'a finite number';
  if (least > -Infinity && most < Infinity) expected = `a number in [${least}, ${most}]`;
  else if (least > -Infinity) expected = `a finite number >= ${least}`;
  else if (most < Infinity) expected = `a finite number <= ${most}`;
  throw new InvalidOptionError(where, option, expected, value);
}

/**
 * Refuses what is no integer in a closed range.
 *
 * @param where the function or class, as its caller writes it
 * @throws InvalidOptionError unless `value` is an integer in `[least, most]` that a number holds exactly
 */
export function checkInteger(where: string, option: string, value: number, least = -Infinity, most = Infinity): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  let expected = 'a safe integer';
  if (least > -Infinity && most < Infinity) expected = `an integer in [${least}, ${most}]`;
  else if (most < Infinity) expected = `an integer of ${most} or less`;
  else if (least === 1) expected = 'a positive integer';
  else if (least > -Infinity) expected = `an integer of ${least} or more`;
  throw new InvalidOptionError(where, option, expected, value);
}

/** @throws InvalidOptionError naming the first number that is not an integer of `least` or more, 1 by default */
export function checkCount(where: string, numbers: Numbers, least = 1): void {
  for (const [option, value] of Object.entries(numbers)) checkInteger(where, option, value, least);
}

/** @throws InvalidOptionError naming the first number that is not finite and positive */
export function checkPositive(where: string, numbers: Numbers): void {
  refuse(where, numbers, 'positive and finite', (value) => value > 0 && value < Infinity);
}

/** @throws InvalidOptionError naming the first number that is not finite and 0 or more */
export function checkNonNegative(where: string, numbers: Numbers): void {
  refuse(where, numbers, 'finite and 0 or more', (value) => value >= 0 && value < Infinity);
}

/** @throws InvalidOptionError naming the first number that is not in `[0, 1]` */
export function checkShare(where: string, numbers: Numbers): void {
  refuse(where, numbers, 'in [0, 1]', (value) => value >= 0 && value <= 1);
}

/** @throws InvalidOptionError naming the first number that is not in `[0, 1)`: of a rate of 1 nothing would be left */
export function checkRate(where: string, numbers: Numbers): void {
  refuse(where, numbers, 'in [0, 1)', (value) => value >= 0 && value < 1);
}

function refuse(where: string, numbers: Numbers, expected: string, accepts: (value: number) => boolean): void {
  for (const [option, value] of Object.entries(numbers))
    // JavaScript compares texts with numbers too.
    if (typeof value !== 'number' || !accepts(value)) throw new InvalidOptionError(where, option, expected, value);
}
