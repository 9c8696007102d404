import { PieceTable } from './piece-table.js';
import type { WordModel } from './word-model.js';

/** What a unigram model is made of. */
export interface UnigramParts {
  readonly ids: ReadonlyMap<string, number>;
  /** Logarithm of the probability of each token. */
  readonly scores: Float64Array;
  readonly unknownId: number;
  /** Characters that are in no token are spelt with the tokens `<0x00>` to `<0xFF>`, where all that are needed are there. */
  readonly byteFallback: boolean;
}

/** What an unknown character is worse than the worst token, as SentencePiece has it. */
const unknownPenalty = 10;

/**
 * Unigram language model: of all ways to spell a word the most probable one, found by Viterbi's algorithm. Time is proportional
 * to the word and the longest token.
 *
 * Source: `Unigram` of Hugging Face `tokenizers`, arXiv:1804.10959.
 */
export class UnigramModel implements WordModel {
  readonly #parts: UnigramParts;
  readonly #table: PieceTable;
  readonly #unknownScore: number;

  constructor(parts: UnigramParts) {
    this.#parts = parts;
    this.#table = new PieceTable(parts.ids);
    this.#unknownScore = parts.scores.reduce((least, score) => Math.min(least, score), Infinity) - unknownPenalty;
  }

  pieces(word: string, places?: number[]): number[] {
    const ids: number[] = [];
    const push = (id: number, start: number, end: number): void => {
      ids.push(id);
      places?.push(start, end);
    };
    for (const [start, end] of this.#path(word)) {
      const piece = word.slice(start, end);
      // Unknown characters in a row are looked for together, too.
      const known = this.#parts.ids.get(piece);
      if (known !== undefined) push(known, start, end);
      else for (const id of this.#bytes(piece) ?? [this.#parts.unknownId]) push(id, start, end);
    }
    return ids;
  }

  #bytes(piece: string): number[] | undefined {
    if (!this.#parts.byteFallback) return undefined;
    const ids: number[] = [];
    for (const byte of Buffer.from(piece, 'utf8')) {
      const id = this.#parts.ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
      if (id === undefined) return undefined;
      ids.push(id);
    }
    return ids;
  }

  /** Start and end of the pieces of the best path; unknown characters in a row are one. */
  #path(word: string): [number, number][] {
    const { scores, unknownId } = this.#parts;
    const best = new Float64Array(word.length + 1);
    const from = new Int32Array(word.length + 1).fill(-1);
    const through = new Int32Array(word.length + 1);
    const offer = (start: number, end: number, id: number, score: number): void => {
      const total = score + best[start]!;
      if (from[end]! >= 0 && total <= best[end]!) return;
      best[end] = total;
      from[end] = start;
      through[end] = id;
    };
    for (let start = 0; start < word.length;) {
      const next = start + (word.codePointAt(start)! > 0xffff ? 2 : 1);
      let isKnown = false;
      this.#table.eachAt(word, start, (id, end) => {
        offer(start, end, id, scores[id]!);
        if (end === next) isKnown = true;
      });
      if (!isKnown) offer(start, next, unknownId, this.#unknownScore);
      start = next;
    }
    const path: [number, number][] = [];
    let wasUnknown = false;
    for (let end = word.length; end > 0; end = from[end]!) {
      const isUnknown = through[end] === unknownId;
      if (isUnknown && wasUnknown) path.at(-1)![0] = from[end]!;
      else path.push([from[end]!, end]);
      wasUnknown = isUnknown;
    }
    return path.reverse();
  }
}
