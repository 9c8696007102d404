import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/**
 * What JSON drops or refuses would be missing from every comparison, or end the run when its first checkpoint is due.
 *
 * @throws InvalidOptionError for what JSON does not give back
 */
export function checkJson(option: string, value: unknown): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return;
  const isRecord = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null);
  if (!isRecord && !Array.isArray(value)) {
    const expected = 'JSON: text, finite numbers, true, false, null, arrays and records of them';
    throw new InvalidOptionError('Trainer', option, expected, value);
  }
  for (const [name, item] of Object.entries(value as object))
    if (item !== undefined) checkJson(`${option}.${name}`, item);
}
