import { checkRandomKey } from './check-random-key.js';
import type { RandomKey } from './random-key.js';
import { threefry2x32 } from './threefry.js';

/** Sequential draws on the host from one key, for code that decides as it goes (augmentations, shuffles). */
export class RandomStream {
  readonly #key: RandomKey;
  #counter = 0;
  #spare: number | undefined;
  #spareNormal: number | undefined;

  /** @throws InvalidOptionError for a key that is none */
  constructor(key: RandomKey) {
    checkRandomKey('RandomStream', 'key', key);
    this.#key = key;
  }

  /** Next unsigned 32-bit word. */
  bits(): number {
    if (this.#spare !== undefined) {
      const word = this.#spare;
      this.#spare = undefined;
      return word;
    }
    const [a, b] = threefry2x32(this.#key, Math.floor(this.#counter / 4294967296), this.#counter >>> 0);
    this.#counter++;
    this.#spare = b;
    return a;
  }

  /** Uniform in `[low, high)`, 32 bits of resolution. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / 4294967296);
  }

  /** Integer in `[0, bound)`, without modulo bias; `bound` at most 2^32. */
  integer(bound: number): number {
    const limit = 4294967296 - (4294967296 % bound);
    let word = this.bits();
    while (word >= limit) word = this.bits();
    return word % bound;
  }

  /** True with probability `p`. */
  bernoulli(p: number): boolean {
    return this.uniform() < p;
  }

  /** Gaussian by Box and Muller's transform. */
  normal(mean = 0, standardDeviation = 1): number {
    if (this.#spareNormal !== undefined) {
      const value = this.#spareNormal;
      this.#spareNormal = undefined;
      return mean + standardDeviation * value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return mean + standardDeviation * radius * Math.cos(angle);
  }

  /** Random order of `0 .. length - 1` (Fisher and Yates). */
  permutation(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, index) => index);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }
}
