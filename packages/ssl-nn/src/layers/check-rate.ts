import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** @throws InvalidOptionError when `rate` is no number in `[0, 1)` */
export function checkRate(where: string, option: string, rate: number): void {
  if (!(typeof rate === 'number' && rate >= 0 && rate < 1))
    throw new InvalidOptionError(where, option, 'in [0, 1)', rate);
}
