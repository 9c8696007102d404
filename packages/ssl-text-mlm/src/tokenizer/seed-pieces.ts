/** A piece with a score, of which the logarithm of a probability is made. */
export interface ScoredPiece {
  readonly text: string;
  readonly score: number;
}

/** Between words; a character that no piece has. */
const boundary = 0;

/**
 * What a unigram vocabulary is chosen from: all characters of the words, by how often they occur, and all strings of 2 to
 * `maxLength` characters that are in several places of the words, with at least two characters (or a word's end) after them,
 * by places times length. Words count once here, however often they occur, as in the library.
 *
 * Source: `make_seed_sentence_pieces` of Hugging Face `tokenizers`, which takes them off a suffix tree of all words.
 *
 * @param limit most pieces
 */
export function seedPieces(
  wordCounts: ReadonlyMap<string, number>,
  maxLength: number,
  limit: number,
): readonly ScoredPiece[] {
  const characters = new Map<number, number>();
  const points: number[] = [];
  for (const [word, count] of wordCounts) {
    for (const character of word) {
      const point = character.codePointAt(0)!;
      points.push(point);
      if (point !== boundary) characters.set(point, (characters.get(point) ?? 0) + count);
    }
    points.push(boundary);
  }
  const singles = [...characters]
    .sort(([a, countA], [b, countB]) => countB - countA || b - a)
    .map(([point, score]) => ({ text: String.fromCodePoint(point), score }));
  const text = Int32Array.from(points);
  const found = repeated(text, maxLength);
  // Stable, so that of equal scores the string that comes last is first.
  found.reverse().sort((a, b) => b.score - a.score);
  const substrings = found.slice(0, Math.max(0, limit - singles.length)).map(({ start, length, score }) => ({
    text: String.fromCodePoint(...text.subarray(start, start + length)),
    score,
  }));
  return [...singles, ...substrings];
}

interface Repeated {
  readonly start: number;
  readonly length: number;
  readonly score: number;
}

/** Inner nodes of the suffix tree that are strings of 2 to `most` characters within a word, in the order of strings. */
function repeated(text: Int32Array, most: number): Repeated[] {
  const order = Int32Array.from(text.keys()).sort((a, b) => {
    for (let depth = 0; depth <= most; depth++) {
      const difference = text[a + depth]! - text[b + depth]!;
      if (difference !== 0) return difference;
      if (text[a + depth] === boundary) break;
    }
    return 0;
  });
  const result: { start: number; length: number; score: number; from: number }[] = [];
  /** Open nodes: where each begins, and how long its string is. */
  const open: { from: number; length: number }[] = [{ from: 0, length: 0 }];
  for (let index = 1; index <= order.length; index++) {
    const shared = index === order.length ? 0 : commonLength(text, order[index - 1]!, order[index]!, most + 1);
    let from = index - 1;
    while (open.at(-1)!.length > shared) {
      const node = open.pop()!;
      from = node.from;
      const start = order[from]!;
      if (node.length < 2 || node.length > most || text.subarray(start, start + node.length).includes(boundary))
        continue;
      result.push({ start, length: node.length, score: (index - from) * node.length, from });
    }
    if (open.at(-1)!.length < shared) open.push({ from, length: shared });
  }
  return result.sort((a, b) => a.from - b.from || a.length - b.length);
}

/** Characters that two places have in common, at most `most`, the end of a word as one. */
function commonLength(text: Int32Array, a: number, b: number, most: number): number {
  let length = 0;
  while (length < most && text[a + length] === text[b + length]) if (text[a + length++] === boundary) break;
  return length;
}
