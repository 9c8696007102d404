import { DataError, noLabel } from '@selfsup/ssl-core';
import type { LabelKind } from '../dataset/label-column.js';

/** Which member of a sample holds its class. */
export interface LabelMember {
  /** Such as `cls` (a decimal number, or a name) or `json`. */
  readonly extension: string;
  /** Field of a JSON object. Default: the member as a whole is the class. */
  readonly field?: string;
  /**
   * `integers`: classes are as they are. `names`: they are texts, numbered by `classes` or in the order of the sorted
   * names, for which opening reads them all. Default: as the first sample's is.
   */
  readonly kind?: LabelKind;
}

/** Longer texts are no names of classes. */
const maxTextBytes = 4096;
/** Descriptions of pictures take some kilobytes; a larger record is not unfolded for one field of it. */
const maxJsonBytes = 2 ** 24;

interface Place {
  readonly path: string;
  readonly offset: number;
}

/**
 * The class in a member: a decimal number, or a field of a JSON object that is an integer; -1 = no label.
 *
 * @param name of the member, for messages
 * @throws DataError when it is none, or does not fit 32 bits
 */
export function parseLabel(bytes: Uint8Array, label: LabelMember, name: string, where: Place): number {
  const text = textIn(bytes, label);
  const value = text !== undefined && /^[+-]?\d{1,64}$/.test(text) ? Number(text) : undefined;
  if (value !== undefined && (value | 0) === value && value >= noLabel) return value | 0;
  const advice =
    text === undefined || /^[+-]?\d*$/.test(text)
      ? "repair it, or pass another label, or label: 'none'"
      : `pass label: { extension: '${label.extension}', ${label.field === undefined ? '' : `field: '${label.field}', `}kind: 'names' }, if classes are texts`;
  throw new DataError(
    `${described(label, name)} holds no class, an integer of at most 32 bits from 0 on (-1 = no label); ${advice}`,
    where,
  );
}

/**
 * The class in a member as a text: all of it, or a field of a JSON object that is a text or an integer.
 *
 * @throws DataError when it is empty, too long, no UTF-8 or has control characters, as numbers in binary have
 */
export function parseLabelText(bytes: Uint8Array, label: LabelMember, name: string, where: Place): string {
  const text = textIn(bytes, label);
  if (text !== undefined && text !== '') return text;
  throw new DataError(
    `${described(label, name)} holds no class, a text in UTF-8 of at most ${maxTextBytes} bytes without control characters; repair it, or pass another label, or label: 'none'`,
    where,
  );
}

/** Whether a class is a number by its look. */
export function isIntegerText(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

function described({ field }: LabelMember, name: string): string {
  return field === undefined ? `'${name}'` : `field '${field}' of '${name}'`;
}

function textIn(bytes: Uint8Array, { field }: LabelMember): string | undefined {
  if (bytes.length > (field === undefined ? maxTextBytes : maxJsonBytes)) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value = field === undefined ? text.trim() : fieldIn(JSON.parse(text), field);
    // Numbers of eight bytes, or text in UTF-16, would be names that nobody can write.
    return value !== undefined && /\p{Cc}/u.test(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

function fieldIn(record: unknown, field: string): string | undefined {
  const has = typeof record === 'object' && record !== null && Object.hasOwn(record, field);
  const value = has ? (record as Record<string, unknown>)[field] : undefined;
  if (typeof value === 'string' && value.length <= maxTextBytes) return value.trim();
  return Number.isSafeInteger(value) ? String(value) : undefined;
}
