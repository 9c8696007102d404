import type { AlignedText } from './aligned-text.js';

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
    const leading = /^[Ġ\s]*/u.exec(piece)![0].length;
    const trailing = piece.length - piece.replace(/[Ġ\s]+$/u, '').length;
    this.spaces.push(leading, trailing);
  }
}
