import { PieceTable } from './piece-table.js';
import { type ScoredPiece, seedPieces } from './seed-pieces.js';
import { UnigramLattice } from './unigram-lattice.js';

/** What {@link learnUnigram} is asked for. */
export interface LearnUnigramOptions {
  /** Pieces that are wanted, without special tokens; fewer if the words have no more. */
  readonly size: number;
  /** Size of the vocabulary with the special tokens, by which the library decides when to stop. */
  readonly vocabSize: number;
  /** Share of the pieces that a round keeps. */
  readonly shrinkingFactor: number;
  /** Rounds of expectation and maximisation between two prunings. */
  readonly subIterations: number;
  /** Longest piece, characters. */
  readonly maxPieceLength: number;
  /** Most pieces to begin with. */
  readonly seedSize: number;
  /** Never learnt: the special tokens. */
  readonly reserved: readonly string[];
}

/** What an unknown character is worse than the worst piece. */
const unknownPenalty = 10;
/** Prunings without effect after which no other is tried; the library would go on for ever. */
const mostIdleRounds = 20;
/** A piece that is expected less often is dropped. */
const leastExpected = 0.5;

/**
 * Learns a unigram vocabulary: of many pieces the ones are kept without which the words would be less probable, in rounds
 * of expectation, maximisation and pruning; all characters stay.
 *
 * @param wordCounts how often each word occurs
 * @returns pieces with their scores, the most probable first, by a generator that yields how many pieces are left
 * Source: `UnigramTrainer` of Hugging Face `tokenizers`, arXiv:1804.10959. There the order of the words, and with it the last
 * digits of all scores, changes from run to run; here it is that of the words given. Pieces and scores are its own.
 */
export function* learnUnigram(
  wordCounts: ReadonlyMap<string, number>,
  options: LearnUnigramOptions,
): Generator<number, readonly ScoredPiece[]> {
  const { vocabSize, shrinkingFactor, subIterations, maxPieceLength, seedSize } = options;
  const desired = Math.floor((vocabSize * 11) / 10);
  const seeds = seedPieces(wordCounts, maxPieceLength, seedSize);
  const logSum = Math.log(seeds.reduce((sum, { score }) => sum + score, 0));
  let pieces: readonly ScoredPiece[] = seeds.map(({ text, score }) => ({ text, score: Math.log(score) - logSum }));
  const words = [...wordCounts];
  for (let [before, idle] = [Infinity, 0]; ;) {
    for (let round = 0; round < subIterations; round++) {
      pieces = yield* improved(pieces, words);
      yield pieces.length;
    }
    idle = pieces.length < before ? 0 : idle + 1;
    if (pieces.length + 1 <= desired || idle === mostIdleRounds) break;
    before = pieces.length;
    pieces = yield* pruned(pieces, words, Math.max(desired, Math.floor((pieces.length + 1) * shrinkingFactor)));
    yield pieces.length;
  }
  return finished(pieces, words, options);
}

/** Puts all pieces that a text has into a lattice. */
class Speller {
  readonly #table: PieceTable;
  readonly #pieces: readonly ScoredPiece[];
  readonly #unknownScore: number;

  constructor(pieces: readonly ScoredPiece[]) {
    this.#pieces = pieces;
    this.#table = new PieceTable(new Map(pieces.map(({ text }, id) => [text, id])));
    this.#unknownScore = pieces.reduce((least, { score }) => Math.min(least, score), Infinity) - unknownPenalty;
  }

  /** The id of an unknown character is the number of pieces. */
  lattice(text: string): UnigramLattice {
    const lattice = new UnigramLattice(text.length);
    for (let start = 0; start < text.length;) {
      const next = start + (text.codePointAt(start)! > 0xffff ? 2 : 1);
      let isKnown = false;
      this.#table.eachAt(text, start, (id, end) => {
        lattice.add(start, end, id, this.#pieces[id]!.score);
        if (end === next) isKnown = true;
      });
      if (!isKnown) lattice.add(start, next, this.#pieces.length, this.#unknownScore);
      start = next;
    }
    return lattice;
  }
}

type CountedWord = readonly [string, number];
/** Words between two turns of others. */
const turn = 1000;

/** One round: how often each piece is expected, and of that its score; seldom ones are dropped. */
function* improved(
  pieces: readonly ScoredPiece[],
  words: readonly CountedWord[],
): Generator<number, readonly ScoredPiece[]> {
  const speller = new Speller(pieces);
  const expected = new Float64Array(pieces.length + 1);
  for (const [index, [word, count]] of words.entries()) {
    speller.lattice(word).addExpected(count, expected);
    if (index % turn === 0) yield pieces.length;
  }
  const kept = pieces.flatMap(({ text }, id) =>
    expected[id]! < leastExpected ? [] : [{ text, often: expected[id]! }],
  );
  const logSum = digamma(kept.reduce((sum, { often }) => sum + often, 0));
  return kept.map(({ text, often }) => ({ text, score: digamma(often) - logSum }));
}

/** Leaves out the pieces without which the words lose the least, down to `size` with the unknown one. */
function* pruned(
  pieces: readonly ScoredPiece[],
  words: readonly CountedWord[],
  size: number,
): Generator<number, readonly ScoredPiece[]> {
  const speller = new Speller(pieces);
  const often = new Float64Array(pieces.length + 1);
  let allWords = 0;
  for (const [index, [word, count]] of words.entries()) {
    allWords += count;
    for (const id of speller.lattice(word).best(1)[0]!) often[id]! += count;
    if (index % turn === 0) yield pieces.length;
  }
  const sum = often.reduce((total, each) => total + each, 0);
  const logSum = Math.log(sum);
  const kept: ScoredPiece[] = [];
  const candidates: { readonly id: number; readonly loss: number }[] = [];
  for (const [id, piece] of pieces.entries()) {
    if (id % turn === 0) yield pieces.length;
    const [best, second] = speller.lattice(piece.text).best(2);
    // What would stand for the piece; nothing where it is spelt by others anyway, or cannot be.
    const isWhole = best!.length === 1;
    const others = isWhole ? (second ?? []) : [];
    const count = often[id]!;
    if (count === 0 && !(isWhole || second === undefined)) continue;
    if (others.length === 0) {
      kept.push(piece);
      continue;
    }
    if (count === 0) continue;
    // Times the number of all pieces, where the derivation has that of the others less one: so in the library.
    const otherSum = Math.log(sum + count * pieces.length);
    const without = others.reduce((total, other) => total + Math.log(often[other]! + count) - otherSum, 0);
    candidates.push({ id, loss: (count / allWords) * (Math.log(count) - logSum - without) });
  }
  candidates.sort((a, b) => b.loss - a.loss);
  for (const { id } of candidates) {
    // Where more had to be kept than are wanted, none is left out, as in the library: the next rounds tell them apart.
    if (kept.length + 1 === size) break;
    kept.push(pieces[id]!);
  }
  return kept;
}

/** All characters of the words and the first of the other pieces, the most probable first. */
function finished(
  pieces: readonly ScoredPiece[],
  words: readonly CountedWord[],
  { size, reserved }: LearnUnigramOptions,
): readonly ScoredPiece[] {
  const known = new Map(pieces.map(({ text, score }) => [text, score]));
  const least = pieces.reduce((low, { score }) => Math.min(low, score), Infinity);
  const characters = new Set(words.flatMap(([word]) => Array.from(word)));
  const result: ScoredPiece[] = [];
  let unseen = 0;
  for (const text of [...characters].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!))
    result.push({ text, score: known.get(text) ?? least + 0.0001 * unseen++ });
  for (const piece of pieces) {
    if (result.length >= size) break;
    if (!characters.has(piece.text) && !reserved.includes(piece.text)) result.push(piece);
  }
  return result.filter(({ text }) => !reserved.includes(text)).sort((a, b) => b.score - a.score);
}

/** The derivative of the logarithm of the gamma function, as SentencePiece computes it. */
function digamma(value: number): number {
  let x = value;
  let result = 0;
  for (; x < 7; x++) result -= 1 / x;
  x -= 1 / 2;
  const xx2 = 1 / (x * x);
  const xx4 = xx2 * xx2;
  return result + Math.log(x) + (1 / 24) * xx2 - (7 / 960) * xx4 + (31 / 8064) * xx4 * xx2 - (127 / 30720) * xx4 * xx4;
}
