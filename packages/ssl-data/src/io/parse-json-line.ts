import { type LinePlace, lineError } from './read-lines.js';

/** A line of JSONL as a record. Throws DataError when it is not valid UTF-8, no JSON, or no object. */
export function parseJsonLine(bytes: Uint8Array, place: LinePlace): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decodeLine(bytes, place)) as unknown;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw lineError(place, `is no JSON (${cause.message}); JSONL has one object a line`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw lineError(place, 'holds no object; JSONL has one object a line');
  // A map, so that no name finds what objects inherit.
  return new Map(Object.entries(value));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A line as text. Throws DataError when it is not valid UTF-8. */
export function decodeLine(bytes: Uint8Array, place: LinePlace): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw lineError(place, 'is not valid UTF-8; convert the file', cause);
  }
}

/** Whether a line has more than white space. */
export function hasText(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 32) return true;
  return false;
}
