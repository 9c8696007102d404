import { checkInteger } from '@selfsup/ssl-tensor/host';
import type { TokenSample, TokenSource } from '../data/token-source.js';

/** Some sequences of a source, by their numbers, 4 bytes each. */
export class StoreSubset implements TokenSource {
  readonly isMaskable: boolean;
  readonly #source: TokenSource;
  readonly #indices: Int32Array;

  constructor(source: TokenSource, indices: ArrayLike<number>) {
    this.#source = source;
    this.#indices = Int32Array.from(indices);
    this.isMaskable = source.isMaskable === true;
    for (const index of this.#indices) checkInteger('TokenStore.subset', 'index', index, 0, source.length - 1);
  }

  get length(): number {
    return this.#indices.length;
  }

  get largestId(): number {
    return this.#source.largestId;
  }

  get(index: number): TokenSample {
    checkInteger('TokenStore.get', 'index', index, 0, this.length - 1);
    return this.#source.get(this.#indices[index]!);
  }

  lengths(): Int32Array {
    const all = this.#source.lengths();
    return this.#indices.map((index) => all[index]!);
  }

  subset(indices: ArrayLike<number>): TokenSource {
    return new StoreSubset(this, indices);
  }
}
