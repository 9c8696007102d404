import { codePointSets, lowerCaseRuns } from './unicode-tables.js';

/**
 * A set of code points that the tokeniser asks for.
 *
 * - `removed`: what BERT's cleaning removes; `white`: white space; `punctuation`: each is a word by itself
 * - `chinese`: Han ideographs that get spaces around; `nonspacing`, `combining`: marks that stripping accents removes in
 *   BERT's normaliser and in `StripAccents`
 * - `canonical`: what canonical decomposition changes or moves; `word`, `numeric`: what `\w` and `Digits` take
 */
export type CodePointSet = keyof typeof codePointSets;

const names = Object.keys(codePointSets) as CodePointSet[];
const bits = Object.fromEntries(names.map((name, index) => [name, 1 << index])) as Record<CodePointSet, number>;
let flags: Uint16Array | undefined;
let lowered: ReadonlyMap<number, string> | undefined;

/** Whether a code point is in a set, by tables rather than by the runtime's Unicode, which differs with its version. */
export function isIn(set: CodePointSet, codePoint: number): boolean {
  flags ??= readSets();
  return (flags[codePoint]! & bits[set]) !== 0;
}

/** The text without the code points of a set. */
export function without(set: CodePointSet, text: string): string {
  let result = '';
  for (const character of text) if (!isIn(set, character.codePointAt(0)!)) result += character;
  return result;
}

/** Lower case code point by code point: no final sigma, as the Rust library has it. */
export function lowerCase(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  lowered ??= readLowerCase();
  let result = '';
  for (const character of text) result += lowered.get(character.codePointAt(0)!) ?? character;
  return result;
}

/**
 * Canonical decomposition (NFD) of what the tables know; other code points stay and stop the ordering of marks, so that
 * the result is the same in every runtime.
 */
export function decompose(text: string): string {
  if (isAscii(text)) return text;
  let result = '';
  let run = '';
  for (const character of text) {
    if (isIn('canonical', character.codePointAt(0)!)) run += character;
    else {
      result += run.normalize('NFD') + character;
      run = '';
    }
  }
  return result + run.normalize('NFD');
}

export function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
  return true;
}

const base = 36;
const parts = (table: string): string[] => table.trim().split(/\s+/);

function readSets(): Uint16Array {
  const result = new Uint16Array(0x110000);
  for (const name of names) {
    let next = 0;
    for (const part of parts(codePointSets[name])) {
      const [gap, more = '0'] = part.split('.') as [string, string?];
      next += parseInt(gap, base);
      for (let left = parseInt(more, base); left >= 0; left--) result[next++]! |= bits[name];
    }
  }
  return result;
}

function readLowerCase(): Map<number, string> {
  const result = new Map([[0x130, 'i\u0307']]);
  let point = 0;
  for (const part of parts(lowerCaseRuns)) {
    const [gap, more, step, distance] = part.split('.').map((field) => parseInt(field, base)) as [
      number,
      number,
      number,
      number,
    ];
    point += gap;
    for (let left = more; ; left--) {
      result.set(point, String.fromCodePoint(point + distance));
      if (left === 0) break;
      point += step;
    }
  }
  return result;
}
