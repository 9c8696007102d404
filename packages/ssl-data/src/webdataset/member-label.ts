import { DataError, noLabel } from 'ssl-core';

/** Which member of a sample holds its class. */
export interface LabelMember {
  /** Such as `cls` (a decimal number) or `json`. */
  readonly extension: string;
  /** Field of a JSON object. Default: the member as a whole is the number. */
  readonly field?: string;
}

const maxNumberBytes = 64;

/**
 * The class in a member: a decimal number, or a field of a JSON object that is an integer; -1 = no label.
 *
 * @param name of the member, for messages
 * @throws DataError when it is none, or does not fit 32 bits
 */
export function parseLabel(
  bytes: Uint8Array,
  { field }: LabelMember,
  name: string,
  where: { readonly path: string; readonly offset: number },
): number {
  const value = field === undefined ? numberIn(bytes) : fieldIn(bytes, field);
  if (typeof value === 'number' && (value | 0) === value && value >= noLabel) return value;
  const what = field === undefined ? `'${name}'` : `field '${field}' of '${name}'`;
  throw new DataError(
    `${what} holds no class, an integer of at most 32 bits from 0 on (-1 = no label); repair it, or choose another label`,
    where,
  );
}

function numberIn(bytes: Uint8Array): number | undefined {
  if (bytes.length > maxNumberBytes) return undefined;
  const text = Buffer.from(bytes).toString('latin1').trim();
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

function fieldIn(bytes: Uint8Array, field: string): unknown {
  try {
    const record: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    const has = typeof record === 'object' && record !== null && Object.hasOwn(record, field);
    return has ? (record as Record<string, unknown>)[field] : undefined;
  } catch {
    return undefined;
  }
}
