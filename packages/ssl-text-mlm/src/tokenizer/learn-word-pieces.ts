import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { BinaryHeap } from './binary-heap.js';

/** Options of {@link learnWordPieces}. */
export interface LearnWordPiecesOptions {
  /** Size of the vocabulary with the reserved tokens; fewer if the text has no more pairs. */
  readonly vocabSize: number;
  /** A pair that occurs less often is not joined. */
  readonly minFrequency: number;
  /** Only so many of the most frequent characters are kept; a word with another one becomes the unknown token. */
  readonly alphabetLimit: number;
  /** Tokens that take the first ids. */
  readonly reserved: readonly string[];
}

const learnWordPiecesOptionNames: OptionNames<LearnWordPiecesOptions> = {
  vocabSize: 'requiredNumber',
  minFrequency: 'requiredNumber',
  alphabetLimit: 'requiredNumber',
  reserved: 'required',
};

interface Candidate {
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

/** True if `a` is to be joined before `b`: more frequent, then smaller ids, so that the result depends on nothing else. */
function precedes(a: Candidate, b: Candidate): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.left !== b.left ? a.left < b.left : a.right < b.right;
}

/** The most frequent characters, in code-point order. */
function commonCharacters(wordCounts: ReadonlyMap<string, number>, limit: number): Set<string> {
  const counts = new Map<string, number>();
  for (const [word, count] of wordCounts)
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  const byCodePoint = ([a]: [string, number], [b]: [string, number]): number => a.codePointAt(0)! - b.codePointAt(0)!;
  const kept = [...counts].sort((a, b) => b[1] - a[1] || byCodePoint(a, b)).slice(0, limit);
  return new Set(kept.sort(byCodePoint).map(([character]) => character));
}

/** Pairs are keyed as `left * pairBase + right`, exact in a double for every vocabulary below 2^26. */
const pairBase = 2 ** 26;

/**
 * Learns a WordPiece vocabulary: starts from the characters (`c` at a word's start, `##c` inside) and joins the most
 * frequent neighbouring pair again and again.
 *
 * @param wordCounts how often each pre-tokenised word occurs
 * @returns token of every id: reserved, characters, then pieces in the order in which they were joined
 * Source: Hugging Face `tokenizers`, WordPieceTrainer (pair counts as in BPE, arXiv:1508.07909). There the order of the
 * `##` characters, and with it every tie, changes from run to run; here code-point order decides.
 */
export function learnWordPieces(wordCounts: ReadonlyMap<string, number>, options: LearnWordPiecesOptions): string[] {
  checkOptions('learnWordPieces', options, learnWordPiecesOptionNames);
  const tokens: string[] = [];
  const ids = new Map<string, number>();
  const idOf = (token: string): number => {
    const known = ids.get(token);
    if (known !== undefined) return known;
    ids.set(token, tokens.length);
    return tokens.push(token) - 1;
  };
  for (const token of options.reserved) idOf(token);

  const alphabet = commonCharacters(wordCounts, options.alphabetLimit);
  const entries = [...wordCounts]
    .filter(([word]) => word !== '' && Array.from(word).every((character) => alphabet.has(character)))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const spelled = entries.map(([word]) =>
    Array.from(word, (character, index) => (index === 0 ? character : `##${character}`)),
  );
  const inside = new Set(spelled.flatMap((pieces) => pieces.slice(1)));
  for (const character of alphabet) idOf(character);
  for (const character of alphabet) if (inside.has(`##${character}`)) idOf(`##${character}`);

  const words = spelled.map((pieces) => Int32Array.from(pieces, idOf));
  const lengths = words.map((word) => word.length);
  const counts = new Map<number, number>();
  const occurrences = new Map<number, Set<number>>();
  const touched = new Set<number>();
  const addPair = (left: number, right: number, word: number, by: number): void => {
    const pair = left * pairBase + right;
    counts.set(pair, (counts.get(pair) ?? 0) + by);
    if (by < 0) return;
    touched.add(pair);
    const where = occurrences.get(pair);
    if (where === undefined) occurrences.set(pair, new Set([word]));
    else where.add(word);
  };
  const heap = new BinaryHeap<Candidate>(precedes);
  const pushTouched = (): void => {
    for (const pair of touched)
      heap.push({ left: Math.floor(pair / pairBase), right: pair % pairBase, count: counts.get(pair)! });
    touched.clear();
  };
  words.forEach((word, index) => {
    for (let i = 1; i < word.length; i++) addPair(word[i - 1]!, word[i]!, index, entries[index]![1]);
  });
  pushTouched();

  while (tokens.length < options.vocabSize) {
    const best = heap.pop();
    if (best === undefined) break;
    const pair = best.left * pairBase + best.right;
    const count = counts.get(pair) ?? 0;
    if (count !== best.count) {
      // Counts fall behind the heap's back as neighbours are joined; a stale entry comes back with its present count.
      if (count > 0 && count < best.count) heap.push({ ...best, count });
      continue;
    }
    if (count < Math.max(1, options.minFrequency)) break;
    const right = tokens[best.right]!;
    const joined = idOf(tokens[best.left]! + (right.startsWith('##') ? right.slice(2) : right));
    for (const index of occurrences.get(pair) ?? []) {
      const word = words[index]!;
      const weight = entries[index]![1];
      let length = lengths[index]!;
      for (let i = 0; i + 1 < length; i++) {
        if (word[i] !== best.left || word[i + 1] !== best.right) continue;
        if (i > 0) {
          addPair(word[i - 1]!, best.left, index, -weight);
          addPair(word[i - 1]!, joined, index, weight);
        }
        if (i + 2 < length) {
          addPair(best.right, word[i + 2]!, index, -weight);
          addPair(joined, word[i + 2]!, index, weight);
        }
        word[i] = joined;
        word.copyWithin(i + 1, i + 2, length);
        length--;
      }
      lengths[index] = length;
    }
    counts.delete(pair);
    occurrences.delete(pair);
    pushTouched();
  }
  return tokens;
}
