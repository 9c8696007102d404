/** Longest piece first, from the left. */
export interface WordPieceModel {
  /** Id of each piece. */
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly unknownId: number;
  readonly continuingPrefix: string;
  /** A word with more code points is unknown. */
  readonly maxWordCharacters: number;
  /** Length of the longest piece, UTF-16 code units. */
  readonly longestPiece: number;
}

/**
 * Ids of a word's pieces; the unknown token alone where they do not spell it.
 *
 * Source: `WordPiece` of Hugging Face `tokenizers`.
 */
export function wordPieces(
  word: string,
  { vocabulary, unknownId, continuingPrefix, maxWordCharacters, longestPiece }: WordPieceModel,
): number[] {
  if (word.length > maxWordCharacters && Array.from(word).length > maxWordCharacters) return [unknownId];
  const ids: number[] = [];
  for (let start = 0; start < word.length;) {
    const prefix = start === 0 ? '' : continuingPrefix;
    let end = Math.min(word.length, start + longestPiece - prefix.length);
    let id: number | undefined;
    for (; end > start; end--) {
      id = vocabulary.get(prefix + word.slice(start, end));
      if (id !== undefined) break;
    }
    if (id === undefined) return [unknownId];
    ids.push(id);
    start = end;
  }
  return ids;
}
