/** Where the cleaning joins what the words were cut at; the names are those of English. Source: `WordPiece` decoder of Hugging Face `tokenizers`. */
const joins: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** How pieces become a text. */
export interface WordPieceDecoding {
  readonly prefix: string;
  /** Remove the spaces before punctuation and English endings. */
  readonly cleanup: boolean;
}

/** Text of pieces; with a space between all of them where there is no decoder. */
export function decodeWordPieces(pieces: readonly string[], decoding: WordPieceDecoding | undefined): string {
  if (decoding === undefined) return pieces.join(' ');
  const { prefix, cleanup } = decoding;
  return pieces
    .map((piece, index) => {
      const continues = index > 0 && piece.startsWith(prefix);
      const text = continues ? piece.slice(prefix.length) : index === 0 ? piece : ` ${piece}`;
      return cleanup ? joins.reduce((current, [from, to]) => current.replaceAll(from, to), text) : text;
    })
    .join('');
}
