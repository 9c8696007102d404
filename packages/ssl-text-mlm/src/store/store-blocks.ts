import { checkInteger, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { TokenSample, TokenSource } from '../data/token-source.js';
import { StoreSubset } from './store-subset.js';
import type { StoredTokens } from './stored-tokens.js';

const blocksOptionNames: OptionNames<{ readonly length: number }> = { length: 'requiredNumber' };

/** The stream of a store's ids in blocks of one length, across texts. */
export class StoreBlocks implements TokenSource {
  readonly isMaskable = true;
  readonly length: number;
  readonly #store: StoredTokens;
  /** Ids of the stream in a block: all but `[CLS]`. */
  readonly #step: number;

  constructor(store: StoredTokens, options: { readonly length: number }) {
    const { length } = checkOptions('TokenStore.blocks', options, blocksOptionNames);
    checkInteger('TokenStore.blocks', 'length', length, 3);
    this.#store = store;
    this.#step = length - 1;
    // A rest of one id would be a block of [SEP] alone.
    this.length = Math.ceil((store.tokens - 1) / this.#step);
  }

  get largestId(): number {
    return this.#store.header.largestId;
  }

  get(index: number): TokenSample {
    checkInteger('TokenStore.get', 'index', index, 0, this.length - 1);
    const start = index * this.#step;
    const ids = new Int32Array(1 + Math.min(this.#step, this.#store.tokens - start));
    ids[0] = this.#store.header.cls;
    this.#store.read(ids.subarray(1), start);
    return { ids };
  }

  lengths(): Int32Array {
    const lengths = new Int32Array(this.length).fill(1 + this.#step);
    lengths[this.length - 1] = 1 + Math.min(this.#step, this.#store.tokens - (this.length - 1) * this.#step);
    return lengths;
  }

  subset(indices: ArrayLike<number>): TokenSource {
    return new StoreSubset(this, indices);
  }
}
