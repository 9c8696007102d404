import { type RandomKey, RandomStream } from '@selfsup/ssl-tensor/host';

/**
 * Many cheap draws from one key, for loops that take several for each pair of words: sfc32 of PractRand, begun by a
 * `RandomStream`.
 */
export class FastDraws {
  readonly #state: Int32Array;

  constructor(key: RandomKey) {
    const stream = new RandomStream(key);
    this.#state = Int32Array.from([stream.bits() | 0, stream.bits() | 0, stream.bits() | 0, 1]);
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** Next unsigned 32-bit word. */
  bits(): number {
    const s = this.#state;
    const [a, b, c, counter] = [s[0]!, s[1]!, s[2]!, s[3]!];
    const word = (((a + b) | 0) + counter) | 0;
    s[3] = (counter + 1) | 0;
    s[0] = b ^ (b >>> 9);
    s[1] = (c + (c << 3)) | 0;
    s[2] = (((c << 21) | (c >>> 11)) + word) | 0;
    return word >>> 0;
  }

  /** Integer in `[0, bound)`; a value's chance is off by less than `bound / 2^32` of itself. */
  below(bound: number): number {
    return Math.floor((this.bits() * bound) / 4294967296);
  }
}
