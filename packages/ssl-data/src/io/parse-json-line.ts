import { type LinePlace, lineError } from './read-lines.js';

/** A line of JSONL as a record. Throws DataError when it is no JSON, or no object. */
export function parseJsonLine(bytes: Uint8Array, place: LinePlace): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(lineText(bytes)) as unknown;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw lineError(place, `is no JSON (${cause.message}); JSONL has one object a line`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw lineError(place, 'holds no object; JSONL has one object a line');
  // A map, so that no name finds what objects inherit.
  return new Map(Object.entries(value));
}

/** A line of `readLines` as a string; it is valid UTF-8. */
export function lineText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
