import { foldIn, type RandomKey, randomKey, RandomStream } from 'ssl-tensor/host';

/** Order of the samples in every epoch and the keys of their views, from a seed. */
export class EpochOrder {
  readonly #orderKey: RandomKey;
  readonly #viewKey: RandomKey;
  readonly #length: number;
  readonly #shuffle: boolean;

  constructor(seed: number, length: number, shuffle: boolean) {
    const key = randomKey(seed);
    this.#orderKey = foldIn(key, 'order');
    this.#viewKey = foldIn(key, 'views');
    this.#length = length;
    this.#shuffle = shuffle;
  }

  /** Numbers of all samples, `[length]`: a permutation, or ascending. */
  indices(epoch: number): Int32Array {
    if (this.#shuffle)
      return Int32Array.from(new RandomStream(foldIn(this.#orderKey, epoch)).permutation(this.#length));
    return Int32Array.from({ length: this.#length }, (_, index) => index);
  }

  /** Key of the epoch's views. */
  viewKey(epoch: number): RandomKey {
    return foldIn(this.#viewKey, epoch);
  }
}
