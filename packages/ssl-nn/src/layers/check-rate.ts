import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** @throws InvalidOptionError when `rate` is outside `[0, 1)` */
export function checkRate(where: string, option: string, rate: number): void {
  if (!(rate >= 0 && rate < 1)) throw new InvalidOptionError(where, option, 'in [0, 1)', rate);
}
