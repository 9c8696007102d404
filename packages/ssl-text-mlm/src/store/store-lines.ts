import { checkChoice, checkInteger, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { TokenSample, TokenSource } from '../data/token-source.js';
import { StoreSubset } from './store-subset.js';
import type { StoredTokens } from './stored-tokens.js';

/** Options of `TokenStore.lines`; as those of `TokenDataset.fromTexts`. */
export interface StoreLinesOptions {
  /** Longest sequence with `[CLS]` and `[SEP]`. */
  readonly maxLength: number;
  /** What becomes of a longer text: its rest is cut off, or it is split into as few as hold it. Default `cut`. */
  readonly longTexts?: 'cut' | 'split';
}

const storeLinesOptionNames: OptionNames<StoreLinesOptions> = { maxLength: 'requiredNumber', longTexts: 'optional' };

/** Where a piece of a text begins: they are of like length, as pushPieces has them. */
const edgeOf = (size: number, pieces: number, piece: number): number => Math.floor((piece * size) / pieces);

/** A store's texts as sequences, 4 bytes of memory each. */
export class StoreLines implements TokenSource {
  readonly isMaskable = true;
  readonly length: number;
  readonly #store: StoredTokens;
  readonly #room: number;
  /** `[texts + 1]`, the first sequence of each text; none where each text is one. */
  readonly #firsts: Int32Array | undefined;

  constructor(store: StoredTokens, options: StoreLinesOptions) {
    const { maxLength, longTexts = 'cut' } = checkOptions('TokenStore.lines', options, storeLinesOptionNames);
    checkInteger('TokenStore.lines', 'maxLength', maxLength, 3);
    checkChoice('TokenStore.lines', 'longTexts', longTexts, ['cut', 'split']);
    this.#store = store;
    this.#room = maxLength - 2;
    if (longTexts === 'split') {
      this.#firsts = new Int32Array(store.length + 1);
      const sizes = store.sizes();
      for (let text = 0; text < store.length; text++)
        this.#firsts[text + 1] = this.#firsts[text]! + this.#pieces(sizes[text]!);
    }
    this.length = this.#firsts?.[store.length] ?? store.length;
  }

  get largestId(): number {
    return this.#store.header.largestId;
  }

  get(index: number): TokenSample {
    checkInteger('TokenStore.get', 'index', index, 0, this.length - 1);
    const { cls, sep } = this.#store.header;
    const { start, end } = this.#part(index);
    const ids = new Int32Array(end - start + 2);
    ids[0] = cls;
    this.#store.read(ids.subarray(1, -1), start);
    ids[ids.length - 1] = sep;
    return { ids };
  }

  lengths(): Int32Array {
    const sizes = this.#store.sizes();
    if (this.#firsts === undefined) {
      for (let text = 0; text < sizes.length; text++) sizes[text] = Math.min(sizes[text]!, this.#room) + 2;
      return sizes;
    }
    const lengths = new Int32Array(this.length);
    for (let text = 0, index = 0; text < sizes.length; text++) {
      const [size, pieces] = [sizes[text]!, this.#pieces(sizes[text]!)];
      for (let piece = 0; piece < pieces; piece++)
        lengths[index++] = edgeOf(size, pieces, piece + 1) - edgeOf(size, pieces, piece) + 2;
    }
    return lengths;
  }

  subset(indices: ArrayLike<number>): TokenSource {
    return new StoreSubset(this, indices);
  }

  /** Where the ids of a sequence lie in the stream. */
  #part(index: number): { readonly start: number; readonly end: number } {
    const text = this.#firsts === undefined ? index : this.#textOf(index);
    const { start } = this.#store.rangeOf(text);
    const size = this.#size(text);
    if (this.#firsts === undefined) return { start, end: start + Math.min(size, this.#room) };
    const [pieces, piece] = [this.#pieces(size), index - this.#firsts[text]!];
    return { start: start + edgeOf(size, pieces, piece), end: start + edgeOf(size, pieces, piece + 1) };
  }

  /** Ids of a text without its `[SEP]`. */
  #size(text: number): number {
    const { start, end } = this.#store.rangeOf(text);
    return end - start - 1;
  }

  #pieces(size: number): number {
    return Math.max(1, Math.ceil(size / this.#room));
  }

  #textOf(index: number): number {
    const firsts = this.#firsts!;
    let [low, high] = [0, firsts.length - 2];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (firsts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
