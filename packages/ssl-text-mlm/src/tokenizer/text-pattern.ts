import type { JsonFields } from './json-fields.js';
import { knownPattern, knownPatterns } from './known-patterns.js';

/** A pattern of a `tokenizer.json`. */
export interface TextPattern {
  /** Finds it everywhere, in time proportional to the text. */
  readonly expression: RegExp;
  /** Fewest characters that it finds. */
  readonly leastLength: number;
}

/** Characters that mean something in an expression. */
const syntax = /[\\^$.*+?()[\]{}|/]/g;

/** Longest literal pattern or replacement, in UTF-16 code units. */
export const longestLiteral = 512;

/**
 * Reads `{ "String": text }`, or `{ "Regex": expression }` for an expression that is in {@link knownPatterns}.
 *
 * @throws DataError for anything else
 */
export function readPattern(fields: JsonFields, name: string): TextPattern {
  const pattern = fields.object(name);
  const literal = pattern.value('String');
  const regex = pattern.value('Regex');
  pattern.finish();
  if (typeof literal === 'string' && regex === undefined) {
    if (literal === '' || literal.length > longestLiteral)
      throw pattern.error('String', `a text of 1 to ${longestLiteral} characters`);
    return { expression: new RegExp(literal.replace(syntax, '\\$&'), 'gu'), leastLength: literal.length };
  }
  if (typeof regex !== 'string' || literal !== undefined)
    throw fields.error(name, 'an object with one of the strings String and Regex');
  const expression = knownPattern(regex);
  if (expression === undefined)
    throw pattern.error(
      'Regex',
      `one of ${knownPatterns.map((each) => JSON.stringify(each)).join(', ')} (others may take exponential time); write a fixed text as {"String": ...}, or split and replace before encoding`,
    );
  return { expression, leastLength: 1 };
}
