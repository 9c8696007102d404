import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** @throws InvalidOptionError unless `values` are one or more ascending whole numbers from `first` to `last` */
export function checkAscending(
  where: string,
  option: string,
  values: readonly number[],
  first: number,
  last: number,
): void {
  const fits =
    Array.isArray(values) &&
    values.length > 0 &&
    values.every(
      (value, i) => Number.isInteger(value) && value <= last && value >= (i === 0 ? first : values[i - 1]! + 1),
    );
  if (fits) return;
  throw new InvalidOptionError(where, option, `one or more ascending whole numbers of ${first} to ${last}`, values);
}
