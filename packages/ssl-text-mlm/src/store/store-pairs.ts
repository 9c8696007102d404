import { checkInteger, checkOptions, DataError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { PairSample, PairSource, TokenSource } from '../data/token-source.js';
import { StoreSubset } from './store-subset.js';
import type { StoredTokens } from './stored-tokens.js';

const pairsOptionNames: OptionNames<{ readonly maxLength: number }> = { maxLength: 'requiredNumber' };

/** Texts of a store two by two, as they follow one another: `[CLS] a [SEP] b [SEP]`. A last one without partner is left out. */
export class StorePairs implements PairSource {
  readonly isMaskable = true;
  readonly length: number;
  readonly maxLength: number;
  readonly #store: StoredTokens;
  /** Ids of both texts together. */
  readonly #room: number;

  constructor(store: StoredTokens, options: { readonly maxLength: number }) {
    const { maxLength } = checkOptions('TokenStore.pairs', options, pairsOptionNames);
    checkInteger('TokenStore.pairs', 'maxLength', maxLength, 5);
    if (store.length < 2) throw new DataError('has one text, and a pair takes two', { path: store.path });
    this.#store = store;
    this.maxLength = maxLength;
    this.#room = maxLength - 3;
    this.length = Math.floor(store.length / 2);
  }

  get largestId(): number {
    return this.#store.header.largestId;
  }

  get(index: number): PairSample {
    checkInteger('TokenStore.get', 'index', index, 0, this.length - 1);
    const { cls, sep } = this.#store.header;
    const [a, b] = this.#sizes(index);
    const ids = new Int32Array(3 + a + b).fill(sep);
    ids[0] = cls;
    this.#store.read(ids.subarray(1, 1 + a), this.#store.rangeOf(2 * index).start);
    this.#store.read(ids.subarray(2 + a, 2 + a + b), this.#store.rangeOf(2 * index + 1).start);
    return { ids, second: 2 + a };
  }

  lengths(): Int32Array {
    const sizes = this.#store.sizes();
    const lengths = new Int32Array(this.length);
    for (let index = 0; index < this.length; index++) {
      const [a, b] = this.#cut(sizes[2 * index]!, sizes[2 * index + 1]!);
      lengths[index] = 3 + a + b;
    }
    return lengths;
  }

  subset(indices: ArrayLike<number>): TokenSource {
    return new StoreSubset(this, indices);
  }

  #sizes(index: number): readonly [number, number] {
    const size = (text: number): number => {
      const { start, end } = this.#store.rangeOf(text);
      return end - start - 1;
    };
    return this.#cut(size(2 * index), size(2 * index + 1));
  }

  /** Ids of both texts: the ends of the longer one are cut off first, as BERT does. */
  #cut(a: number, b: number): readonly [number, number] {
    if (a + b <= this.#room) return [a, b];
    const half = Math.floor(this.#room / 2);
    const first = b <= half ? this.#room - b : Math.min(a, this.#room - half);
    return [first, this.#room - first];
  }
}
