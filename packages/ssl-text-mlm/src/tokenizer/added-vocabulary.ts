import { isIn } from './code-points.js';
import { PieceTable } from './piece-table.js';

/** A token that is found in the text before it is cut into words. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Only where no word character touches it. */
  readonly singleWord: boolean;
  /** Takes white space on its left, on its right. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Looked for in the normalised text, as what it normalises to. */
  readonly normalized: boolean;
  /** Left out by `decode`, never masked. */
  readonly special: boolean;
}

/** A text between added tokens, or an added token with all that it takes: code units from `start` to before `end`. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  /** Of the added token. */
  readonly id?: number;
}

/**
 * Finds added tokens: the first one, and of those that begin there the longest.
 *
 * Source: `AddedVocabulary` of Hugging Face `tokenizers`.
 */
export class AddedVocabulary {
  readonly #tokens: ReadonlyMap<number, AddedToken>;
  readonly #table: PieceTable;

  /** @param tokens with what stands for each in the text, not empty */
  constructor(tokens: readonly { readonly token: AddedToken; readonly text: string }[]) {
    this.#tokens = new Map(tokens.map(({ token }) => [token.id, token]));
    // Of two that normalise to one text the first is found.
    this.#table = new PieceTable(new Map(tokens.toReversed().map(({ token, text }) => [text, token.id])));
  }

  /** Cuts a text at the added tokens. */
  split(text: string): Segment[] {
    if (this.#tokens.size === 0 || text === '') return text === '' ? [] : [{ start: 0, end: text.length }];
    const segments: Segment[] = [];
    let done = 0;
    for (let at = 0; at < text.length;) {
      const found = this.#table.longestAt(text, at);
      if (found === undefined) {
        at++;
        continue;
      }
      const token = this.#tokens.get(found.id)!;
      let [start, end] = [at, found.end];
      at = end;
      if (token.singleWord && (isWordAt(text, start, -1) || isWordAt(text, end, 1))) continue;
      // What the last token took is taken.
      while (token.lstrip && start > done && isIn('white', text.charCodeAt(start - 1))) start--;
      while (token.rstrip && end < text.length && isIn('white', text.charCodeAt(end))) end++;
      if (done < start) segments.push({ start: done, end: start });
      segments.push({ start, end, id: token.id });
      done = end;
      at = Math.max(at, end);
    }
    if (done < text.length) segments.push({ start: done, end: text.length });
    return segments;
  }
}

/** Whether the character before (-1) or after (1) a place is one of a word. */
function isWordAt(text: string, place: number, side: -1 | 1): boolean {
  const high = side < 0 && place > 1 ? text.codePointAt(place - 2)! : 0;
  const point = high > 0xffff ? high : text.codePointAt(side < 0 ? place - 1 : place);
  return point !== undefined && isIn('word', point);
}
