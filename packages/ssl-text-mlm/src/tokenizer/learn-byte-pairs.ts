import { BinaryHeap } from './binary-heap.js';
import { byteCharacters } from './byte-alphabet.js';
import { tokenizerLimits } from './tokenizer-limits.js';

/** What {@link learnBytePairs} is asked for. */
export interface LearnBytePairsOptions {
  /** Size of the vocabulary with the reserved tokens; fewer if the text has no more pairs. */
  readonly vocabSize: number;
  /** A pair that occurs less often is not joined. */
  readonly minFrequency: number;
  /** Tokens that take the first ids. */
  readonly reserved: readonly string[];
  /** Whether all 256 bytes are in the vocabulary, or those of the text alone. */
  readonly allBytes: boolean;
}

/** A byte-level vocabulary. */
export interface BytePairs {
  /** Token of every id: reserved, bytes in the order of their characters, then what pairs were joined to, in turn. */
  readonly tokens: readonly string[];
  /** Pairs in the order in which they are joined. */
  readonly merges: readonly (readonly [string, string])[];
}

/** A pair that waits to be joined, with the words that it was found in since it was looked at last. */
interface Candidate {
  readonly left: number;
  readonly right: number;
  readonly count: number;
  readonly words: ReadonlySet<number>;
}

/** More frequent first, then smaller ids. */
function precedes(a: Candidate, b: Candidate): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.left !== b.left ? a.left < b.left : a.right < b.right;
}

/** Pairs are keyed as `left * pairBase + right`, exact in a double for every vocabulary below 2^26. */
const pairBase = 2 ** 26;

/**
 * Learns byte-level BPE: starts from the bytes of the words and joins the most frequent neighbouring pair again and again. Ties
 * and all else are as in Hugging Face's trainer, also where a token comes about by two ways: then counts of pairs that were
 * joined before are not taken back there, and the later of two equal merges counts. Only tokens beyond
 * `tokenizerLimits.tokenLength` are not made.
 *
 * @param wordCounts how often each word occurs
 * @returns by a generator that yields the number of tokens after each merge
 * Source: `BpeTrainer` of Hugging Face `tokenizers`, arXiv:1508.07909.
 */
export function* learnBytePairs(
  wordCounts: ReadonlyMap<string, number>,
  { vocabSize, minFrequency, reserved, allBytes }: LearnBytePairsOptions,
): Generator<number, BytePairs> {
  const tokens: string[] = [];
  const ids = new Map<string, number>();
  const idOf = (token: string): number => {
    const known = ids.get(token);
    if (known !== undefined) return known;
    ids.set(token, tokens.length);
    return tokens.push(token) - 1;
  };
  for (const token of reserved) idOf(token);

  const spelled: Uint8Array[] = [];
  const weights: number[] = [];
  const seen = new Uint8Array(256);
  for (const [word, count] of wordCounts) {
    const bytes = Buffer.from(word, 'utf8');
    for (const byte of bytes) seen[byte] = 1;
    spelled.push(bytes);
    weights.push(count);
  }
  for (const character of byteCharacters.filter((_, byte) => allBytes || seen[byte] === 1).toSorted()) idOf(character);
  const byteIds = byteCharacters.map((character) => ids.get(character) ?? -1);
  const words: Int32Array[] = spelled.map((bytes) => Int32Array.from(bytes, (byte) => byteIds[byte]!));

  const counts = new Map<number, number>();
  let found = new Map<number, Set<number>>();
  const add = (left: number, right: number, word: number, by: number): void => {
    const pair = left * pairBase + right;
    counts.set(pair, (counts.get(pair) ?? 0) + by);
    if (by < 0) return;
    const where = found.get(pair);
    if (where === undefined) found.set(pair, new Set([word]));
    else where.add(word);
  };
  const heap = new BinaryHeap<Candidate>(precedes);
  const pushFound = (): void => {
    for (const [pair, where] of found) {
      const count = counts.get(pair)!;
      if (count > 0) heap.push({ left: Math.floor(pair / pairBase), right: pair % pairBase, count, words: where });
    }
    found = new Map();
  };
  words.forEach((word, index) => {
    for (let i = 1; i < word.length; i++) add(word[i - 1]!, word[i]!, index, weights[index]!);
  });
  pushFound();

  const joins: [number, number][] = [];
  while (tokens.length < vocabSize) {
    const best = heap.pop();
    if (best === undefined) break;
    const count = counts.get(best.left * pairBase + best.right)!;
    if (count !== best.count) {
      if (count > 0) heap.push({ ...best, count });
      continue;
    }
    if (count < Math.max(1, minFrequency)) break;
    const token = tokens[best.left]! + tokens[best.right]!;
    // A file with it could not be read.
    if (token.length > tokenizerLimits.tokenLength) continue;
    const joined = idOf(token);
    joins.push([best.left, best.right]);
    for (const index of best.words) words[index] = join(words[index]!, best, joined, index, weights[index]!, add);
    pushFound();
    yield tokens.length;
  }
  const last = new Map(joins.map(([left, right], rank) => [left * pairBase + right, rank]));
  const merges = joins
    .filter(([left, right], rank) => last.get(left * pairBase + right) === rank)
    .map(([left, right]) => [tokens[left]!, tokens[right]!] as const);
  return { tokens, merges };
}

/** A word with a pair joined, from the left; the counts of the pairs around it change. */
function join(
  word: Int32Array,
  { left, right }: Candidate,
  joined: number,
  index: number,
  weight: number,
  add: (left: number, right: number, word: number, by: number) => void,
): Int32Array {
  let length = 0;
  for (let at = 0; at < word.length; at++, length++) {
    if (word[at] !== left || word[at + 1] !== right) {
      word[length] = word[at]!;
      continue;
    }
    if (length > 0) {
      add(word[length - 1]!, left, index, -weight);
      add(word[length - 1]!, joined, index, weight);
    }
    at++;
    if (at + 1 < word.length) {
      add(right, word[at + 1]!, index, -weight);
      add(joined, word[at + 1]!, index, weight);
    }
    word[length] = joined;
  }
  return word.subarray(0, length);
}
