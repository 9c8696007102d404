import type { PieceTable } from './piece-table.js';

/** Longest piece first, from the left. */
export interface WordPieceModel {
  /** Pieces that begin a word. */
  readonly beginnings: PieceTable;
  /** Pieces that continue one. */
  readonly continuations: PieceTable;
  readonly unknownId: number;
  /** A word with more code points is unknown. */
  readonly maxWordCharacters: number;
}

/**
 * Ids of a word's pieces; the unknown token alone where they do not spell it.
 *
 * @param places takes start and end of each piece in the word
 * Source: `WordPiece` of Hugging Face `tokenizers`.
 */
export function wordPieces(
  word: string,
  { beginnings, continuations, unknownId, maxWordCharacters }: WordPieceModel,
  places?: number[],
): number[] {
  const unknown = (): number[] => {
    if (places !== undefined) {
      places.length = 0;
      places.push(0, word.length);
    }
    return [unknownId];
  };
  if (word.length > maxWordCharacters && Array.from(word).length > maxWordCharacters) return unknown();
  const ids: number[] = [];
  for (let start = 0; start < word.length;) {
    const found = (start === 0 ? beginnings : continuations).longestAt(word, start);
    if (found === undefined) return unknown();
    ids.push(found.id);
    places?.push(start, found.end);
    start = found.end;
  }
  return ids;
}
