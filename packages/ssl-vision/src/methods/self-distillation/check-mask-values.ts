import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** @throws InvalidOptionError, with advice, for masks of other values than 0 and 1: those would weigh patches */
export function checkMaskValues(where: string, values: Uint8Array, advice: string): void {
  const stranger = values.find((value) => value !== 0 && value !== 1);
  if (stranger === undefined) return;
  throw new InvalidOptionError(where, 'batch.masks', '0 or 1 for each patch', stranger, advice);
}
