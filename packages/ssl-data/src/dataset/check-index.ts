import { InvalidOptionError } from '@selfsup/ssl-core';

/** Throws {@link InvalidOptionError} unless `index` is a sample's number. */
export function checkIndex(where: string, index: number, length: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length)
    throw new InvalidOptionError(where, 'index', `an integer in [0, ${length})`, index);
}
