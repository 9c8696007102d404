import { parseJsonLine } from './parse-json-line.js';
import { type LinePlace, lineError } from './read-lines.js';

/** The text in a member of a JSONL line's object. Throws DataError where there is none. */
export function jsonLineText(bytes: Uint8Array, place: LinePlace, field: string): string {
  const record = parseJsonLine(bytes, place);
  const text = record.get(field);
  if (typeof text === 'string') return text;
  const names = [...record.keys()].slice(0, 20).map((name) => `'${name.slice(0, 40)}'`);
  throw lineError(place, `has no string in '${field}'; its members are ${names.join(', ') || 'none'}`);
}
