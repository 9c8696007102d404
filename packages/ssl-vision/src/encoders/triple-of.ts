import { checkCount } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** Depth, height and width. */
export type Triple = readonly [depth: number, height: number, width: number];

/** An option of one number for all sides or of three. @throws InvalidOptionError for other than positive integers */
export function tripleOf(where: string, option: string, value: number | Triple): Triple {
  const all: unknown = typeof value === 'number' ? [value, value, value] : value;
  if (!Array.isArray(all) || all.length !== 3)
    throw new InvalidOptionError(where, option, 'one number, or [depth, height, width]', value);
  for (const side of all as number[]) checkCount(where, { [option]: side });
  return all as unknown as Triple;
}
