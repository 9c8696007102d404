import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** @throws InvalidOptionError when `value` is not a positive integer */
export function checkSize(where: string, option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidOptionError(where, option, 'a positive integer', value);
}
