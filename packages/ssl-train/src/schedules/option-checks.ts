import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** Throws InvalidOptionError unless `value` is a finite number in `[min, max]`. */
export function checkNumber(where: string, option: string, value: number, min = -Infinity, max = Infinity): void {
  if (Number.isFinite(value) && value >= min && value <= max) return;
  const range =
    min === -Infinity
      ? 'a finite number'
      : max === Infinity
        ? `a finite number >= ${min}`
        : `a number in [${min}, ${max}]`;
  throw new InvalidOptionError(where, option, range, value);
}

/** Throws InvalidOptionError unless `value` is an integer of at least `min`. */
export function checkInteger(where: string, option: string, value: number, min: number): void {
  if (!Number.isSafeInteger(value) || value < min)
    throw new InvalidOptionError(where, option, `an integer >= ${min}`, value);
}
