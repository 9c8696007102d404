import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { SpecialTokens } from './special-tokens.js';

/** The names in the order of their ids. */
export const reservedTokens = ({ pad, unk, cls, sep, mask }: SpecialTokens): readonly string[] => [
  pad,
  unk,
  cls,
  sep,
  mask,
];

/** @throws InvalidOptionError where names are equal, empty or have white space */
export function checkReserved(where: string, specialTokens: SpecialTokens): void {
  const reserved = reservedTokens(specialTokens);
  const isName = (token: unknown): boolean => typeof token === 'string' && token !== '' && !/\s/u.test(token);
  if (new Set(reserved).size !== reserved.length || !reserved.every(isName))
    throw new InvalidOptionError(
      where,
      'specialTokens',
      'five different names without white space',
      reserved.join(' '),
    );
}
