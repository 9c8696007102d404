import { BinaryHeap } from './binary-heap.js';
import { byteCharacters, toByteCharacters } from './byte-alphabet.js';
import type { WordModel } from './word-model.js';

/** What a byte-level BPE is made of. */
export interface BpeParts {
  readonly ids: ReadonlyMap<string, number>;
  /** Pairs in the order in which they are joined, `[left, right, joined]`. */
  readonly merges: readonly (readonly [number, number, number])[];
  /** In place of bytes that are not in the vocabulary, which fall away where it is undefined. */
  readonly unknownId: number | undefined;
  /** Several unknown bytes in a row are one token. */
  readonly fuseUnknown: boolean;
  /** A word that is in the vocabulary is one token, whatever the merges say. */
  readonly wholeWords: boolean;
}

/** Keys of pairs and entries of the heap, exact in a double: ids and merges are below 2^20, places below 2^31. */
const pairBase = 2 ** 20;
const placeBase = 2 ** 31;
const isLess = (a: number, b: number): boolean => a < b;

/**
 * Byte-pair encoding of the UTF-8 bytes of a word: of all neighbours the pair that comes first in the list of merges is
 * joined, the leftmost of several, until none is left. With a heap, so a word of n bytes takes n log n.
 *
 * Source: `BPE` and `Word::merge_all` of Hugging Face `tokenizers`.
 */
export class BpeModel implements WordModel {
  readonly #parts: BpeParts;
  readonly #byteIds: Int32Array;
  readonly #ranks = new Map<number, number>();

  constructor(parts: BpeParts) {
    this.#parts = parts;
    this.#byteIds = Int32Array.from(byteCharacters, (character) => parts.ids.get(character) ?? -1);
    // Of a pair that is there twice the last counts.
    parts.merges.forEach(([left, right], rank) => this.#ranks.set(left * pairBase + right, rank));
  }

  pieces(word: string, places?: number[]): number[] {
    const { wholeWords, ids } = this.#parts;
    const whole = wholeWords ? ids.get(toByteCharacters(word)) : undefined;
    if (whole !== undefined) {
      places?.push(0, word.length);
      return [whole];
    }
    const { symbols, lengths } = this.#spell(Buffer.from(word, 'utf8'));
    const kept = this.#merge(symbols, lengths);
    if (places !== undefined) pushPlaces(word, kept, lengths, places);
    return kept.map((index) => symbols[index]!);
  }

  /** Ids of the bytes, and how many bytes each stands for. */
  #spell(bytes: Uint8Array): { symbols: number[]; lengths: number[] } {
    const { unknownId, fuseUnknown } = this.#parts;
    const symbols: number[] = [];
    const lengths: number[] = [];
    for (const byte of bytes) {
      const id = this.#byteIds[byte]!;
      if (id < 0 && unknownId === undefined) continue;
      if (id < 0 && fuseUnknown && symbols.at(-1) === unknownId) lengths[lengths.length - 1]!++;
      else {
        symbols.push(id < 0 ? unknownId! : id);
        lengths.push(1);
      }
    }
    return { symbols, lengths };
  }

  /** Joins symbols in place; returns the indices of those that are left. */
  #merge(symbols: number[], lengths: number[]): number[] {
    const { merges } = this.#parts;
    const count = symbols.length;
    const next = Int32Array.from({ length: count }, (_, index) => index + 1);
    const previous = Int32Array.from({ length: count }, (_, index) => index - 1);
    const heap = new BinaryHeap(isLess);
    const rankAt = (index: number): number | undefined =>
      next[index]! < count ? this.#ranks.get(symbols[index]! * pairBase + symbols[next[index]!]!) : undefined;
    const push = (index: number): void => {
      const rank = rankAt(index);
      if (rank !== undefined) heap.push(rank * placeBase + index);
    };
    for (let index = 0; index + 1 < count; index++) push(index);
    for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
      const rank = Math.floor(top / placeBase);
      const index = top % placeBase;
      if (lengths[index] === 0 || rankAt(index) !== rank) continue;
      const right = next[index]!;
      symbols[index] = merges[rank]![2];
      lengths[index]! += lengths[right]!;
      lengths[right] = 0;
      next[index] = next[right]!;
      if (next[right]! < count) previous[next[right]!] = index;
      if (previous[index]! >= 0) push(previous[index]!);
      push(index);
    }
    const kept: number[] = [];
    for (let index = 0; index < count; index = next[index]!) kept.push(index);
    return kept;
  }
}

/** Start and end of each symbol: of the characters that its first and last byte belong to. */
function pushPlaces(word: string, kept: readonly number[], lengths: readonly number[], places: number[]): void {
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const character of word) {
    for (let left = Buffer.byteLength(character, 'utf8'); left > 0; left--) {
      starts.push(at);
      ends.push(at + character.length);
    }
    at += character.length;
  }
  let byte = 0;
  for (const index of kept) {
    const end = byte + lengths[index]!;
    places.push(starts[byte]!, ends[end - 1]!);
    byte = end;
  }
}
