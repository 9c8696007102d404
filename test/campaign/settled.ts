import { createHash } from 'node:crypto';
import { SslError } from '@selfsup/ssl-core';
import type { Outcome } from './kind.js';

/** What a reader gave. */
export type Settled = { readonly refused: SslError } | { readonly digest: string };

/** Reads, and digests what came out; a typed error is an answer, any other is thrown on. */
export async function settle(read: () => unknown): Promise<Settled> {
  try {
    return { digest: digestOf(await read()) };
  } catch (error) {
    if (!SslError.isInstance(error)) throw error;
    if (error.message.includes('\u001b'))
      throw new RangeError(`raw escape sequence in: ${JSON.stringify(error.message)}`);
    return { refused: error };
  }
}

/**
 * The outcome of reading a damaged input.
 *
 * @param good digest of the undamaged one
 * @param checked the format holds a checksum, so that another result is a failure
 */
export async function outcomeOf(read: () => unknown, good: string, checked: boolean): Promise<Outcome> {
  const settled = await settle(read);
  if ('refused' in settled) return 'refused';
  if (settled.digest === good) return 'same';
  if (checked) throw new RangeError('another result without a word, although the format has a checksum');
  return 'other';
}

/** The outcome of an input that has to be refused. */
export async function mustRefuse(read: () => unknown): Promise<Outcome> {
  const settled = await settle(read);
  if ('refused' in settled) return 'refused';
  throw new RangeError('was accepted');
}

/** SHA-256 of a value: arrays, typed arrays, maps, records, numbers bit by bit. */
export function digestOf(value: unknown): string {
  const hash = createHash('sha256');
  const add = (item: unknown): void => {
    if (ArrayBuffer.isView(item)) {
      hash.update(`view ${item.constructor.name} ${item.byteLength}\n`);
      hash.update(new Uint8Array(item.buffer, item.byteOffset, item.byteLength));
    } else if (Array.isArray(item)) {
      hash.update(`array ${item.length}\n`);
      item.forEach(add);
    } else if (item instanceof Map) {
      hash.update(`map ${item.size}\n`);
      for (const [key, entry] of item) [key, entry].forEach(add);
    } else if (typeof item === 'object' && item !== null) {
      const entries = Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
      hash.update(`record ${entries.length}\n`);
      for (const [key, entry] of entries) [key, entry].forEach(add);
    } else hash.update(`${typeof item} ${Object.is(item, -0) ? '-0' : String(item)}\n`);
  };
  add(value);
  return hash.digest('hex');
}
