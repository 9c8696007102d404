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
  /** Characters of white space before and after what is seen of each. */
  readonly spaces: number[] = [];

  get length(): number {
    return this.ids.length;
  }

  /** @param text of which the token has the code units from `start` to before `end`; `piece` is how it is written */
  push(id: number, text: AlignedText, start: number, end: number, piece: string): void {
    this.ids.push(id);
    this.offsets.push(text.startOf(start), text.endOf(end - 1));
    let leading = 0;
    while (leading < piece.length && isSpace(piece.charCodeAt(leading))) leading++;
    let trailing = 0;
    while (trailing < piece.length && isSpace(piece.charCodeAt(piece.length - 1 - trailing))) trailing++;
    this.spaces.push(leading, trailing);
  }
}
