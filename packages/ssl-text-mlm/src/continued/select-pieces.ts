import { learnWordPieces } from '../tokenizer/learn-word-pieces.js';
import type { PieceVocabulary } from './piece-vocabulary.js';

/** How pieces are selected. */
export interface SelectPiecesOptions {
  /** Most pieces. */
  readonly count: number;
  /** A piece that is used less often in the texts is left out. */
  readonly minFrequency: number;
  /** How many different characters of the texts are looked at, the most frequent first. */
  readonly alphabetLimit: number;
}

/** Rounds in which others take the place of pieces that turn out not to be used. */
const rounds = 10;

/**
 * The pieces that texts need beside those of a vocabulary: of a vocabulary learnt of the texts those that are new, by the
 * tokens that they save, `uses * (pieces that spell it now - 1)`. Since WordPiece takes the longest piece from the left, a
 * piece of another vocabulary may never come to its turn in this one: such ones are left out, and others tried.
 *
 * @param words how often each occurs
 * @returns the most useful first; of equal ones by code unit
 */
export function selectPieces(
  words: ReadonlyMap<string, number>,
  vocabulary: PieceVocabulary,
  { count, minFrequency, alphabetLimit }: SelectPiecesOptions,
): string[] {
  const vocabSize = vocabulary.tokens.size + count;
  const learnt = vocabulary.of(learnWordPieces(words, { vocabSize, minFrequency, alphabetLimit, reserved: [] }));
  const candidates = new Map<string, number>();
  for (const [piece, uses] of usesOf(words, learnt))
    if (!vocabulary.tokens.has(piece)) {
      const now = vocabulary.spell(piece)?.length ?? Array.from(piece).length + 1;
      candidates.set(piece, uses * (now - 1));
    }
  const ranked = [...candidates].sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1)).map(([piece]) => piece);
  let left = ranked;
  let chosen = left.slice(0, count);
  for (let round = 0; ; round++) {
    const uses = usesOf(words, vocabulary.with(chosen));
    const unused = new Set(chosen.filter((piece) => (uses.get(piece) ?? 0) < minFrequency));
    if (unused.size === 0) return chosen;
    left = left.filter((piece) => !unused.has(piece));
    chosen = round < rounds ? left.slice(0, count) : chosen.filter((piece) => !unused.has(piece));
  }
}

/** How often the pieces of a vocabulary are used. */
function usesOf(words: ReadonlyMap<string, number>, vocabulary: PieceVocabulary): Map<string, number> {
  const uses = new Map<string, number>();
  for (const [word, times] of words)
    for (const piece of vocabulary.spell(word) ?? []) uses.set(piece, (uses.get(piece) ?? 0) + times);
  return uses;
}
