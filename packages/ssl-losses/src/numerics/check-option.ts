import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

type Options = Readonly<Record<string, number>>;

/** @throws InvalidOptionError naming the first option that is not finite and 0 or more */
export function checkNonNegative(where: string, options: Options): void {
  for (const [option, value] of Object.entries(options))
    if (!(value >= 0 && Number.isFinite(value)))
      throw new InvalidOptionError(where, option, 'finite and 0 or more', value);
}

/** @throws InvalidOptionError naming the first option that is not finite and positive */
export function checkPositive(where: string, options: Options): void {
  for (const [option, value] of Object.entries(options))
    if (!(value > 0 && Number.isFinite(value)))
      throw new InvalidOptionError(where, option, 'positive and finite', value);
}

/** @throws InvalidOptionError naming the first option that is not in `[0, 1]` */
export function checkShare(where: string, options: Options): void {
  for (const [option, value] of Object.entries(options))
    if (!(value >= 0 && value <= 1)) throw new InvalidOptionError(where, option, 'in [0, 1]', value);
}

/** @throws InvalidOptionError naming the first option that is not an integer of `least` or more */
export function checkCount(where: string, options: Options, least = 1): void {
  for (const [option, value] of Object.entries(options))
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidOptionError(where, option, `an integer of ${least} or more`, value);
}
