import { className } from '../dataset/class-list.js';

/**
 * Member of a shard with the names of its classes, a JSON array in the order of the numbers in the `cls` members. It is
 * in the archive, so that no copy loses it; names of this form are no samples for the Python package either.
 */
export const classRecordName = '__classes__';

/** Longer records are neither written nor read. */
export const maxClassRecordBytes = 2 ** 24;

/** @returns `undefined` for what is no such record, as a member of that name of another program */
export function parseClassRecord(bytes: Uint8Array): readonly string[] | undefined {
  try {
    const found: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isClassRecord(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is names, at least one, each once. */
export function isClassRecord(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  const isName = (name: unknown): name is string => typeof name === 'string' && name !== '';
  return value.every(isName) && new Set(value.map(className)).size === value.length;
}
