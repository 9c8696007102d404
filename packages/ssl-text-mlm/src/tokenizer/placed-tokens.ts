import type { AlignedText } from './aligned-text.js';
import { byteCharacters } from './byte-alphabet.js';
import { isIn } from './code-points.js';

const byteSpace = byteCharacters[0x20]!.charCodeAt(0);
/** White space has no surrogates. */
const isSpace = (unit: number): boolean => unit === byteSpace || isIn('white', unit);

/** Tokens of one text, with the place of each and the white space that it has at its ends. */
export class PlacedTokens {
  readonly ids: number[] = [];
  /** Start and end of each. */
  readonly offsets: number[] = [];
  /**
   * White space at the ends of each, in code units of the text: as many characters there, as where a space was put before a
   * text its first character stands for it.
   */
  readonly spaces: number[] = [];
  /** Whether each begins with one space and no more. */
  readonly oneSpace: boolean[] = [];
  readonly #text: string;

  /** @param text that was given */
  constructor(text: string) {
    this.#text = text;
  }

  get length(): number {
    return this.ids.length;
  }

  /** @param text of which the token has the code units from `start` to before `end`; `piece` is how it is written */
  push(id: number, text: AlignedText, start: number, end: number, piece: string): void {
    this.ids.push(id);
    const [from, to] = [text.startOf(start), text.endOf(end - 1)];
    this.offsets.push(from, to);
    let leading = 0;
    while (leading < piece.length && isSpace(piece.charCodeAt(leading))) leading++;
    let trailing = 0;
    while (trailing < piece.length && isSpace(piece.charCodeAt(piece.length - 1 - trailing))) trailing++;
    this.oneSpace.push(leading === 1);
    let [first, last] = [from, to];
    for (; leading > 0; leading--) first += this.#text.codePointAt(first)! > 0xffff ? 2 : 1;
    for (; trailing > 0; trailing--) last -= last > 1 && this.#text.codePointAt(last - 2)! > 0xffff ? 2 : 1;
    this.spaces.push(first - from, to - last);
  }
}
