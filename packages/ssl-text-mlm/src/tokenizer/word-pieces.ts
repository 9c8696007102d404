import type { PieceTable } from './piece-table.js';

/** Longest piece first, from the left. */
export interface WordPieceModel {
  /** Pieces that begin a word. */
  readonly beginnings: PieceTable;
  /** Pieces that continue one. */
  readonly continuations: PieceTable;
  readonly unknownId: number;
  readonly continuingPrefix: string;
  /** A word with more code points is unknown. */
  readonly maxWordCharacters: number;
}

/**
 * Ids of a word's pieces; the unknown token alone where they do not spell it.
 *
 * Source: `WordPiece` of Hugging Face `tokenizers`.
 */
export function wordPieces(
  word: string,
  { beginnings, continuations, unknownId, maxWordCharacters }: WordPieceModel,
): number[] {
  if (word.length > maxWordCharacters && Array.from(word).length > maxWordCharacters) return [unknownId];
  const ids: number[] = [];
  for (let start = 0; start < word.length;) {
    const found = (start === 0 ? beginnings : continuations).longestAt(word, start);
    if (found === undefined) return [unknownId];
    ids.push(found.id);
    start = found.end;
  }
  return ids;
}
