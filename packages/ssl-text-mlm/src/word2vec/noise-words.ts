import type { FastDraws } from './fast-draws.js';

/** Draws words with chances in proportion to a power of their counts, in constant time: Vose's alias method. */
export class NoiseWords {
  /** Of each place: chance, of 2^32, that the place's own word is drawn and not its alias. */
  readonly #own: Float64Array;
  readonly #alias: Int32Array;

  /** @param exponent 0.75 in word2vec; 0 draws all words alike */
  constructor(counts: ArrayLike<number>, exponent: number) {
    const size = counts.length;
    const powers = Float64Array.from(counts, (count) => count ** exponent);
    const total = powers.reduce((a, b) => a + b, 0);
    const shares = powers.map((power) => (power * size) / total);
    this.#own = new Float64Array(size).fill(2 ** 32);
    this.#alias = Int32Array.from({ length: size }, (_, at) => at);
    const small: number[] = [];
    const large: number[] = [];
    shares.forEach((share, at) => (share < 1 ? small : large).push(at));
    while (small.length > 0 && large.length > 0) {
      const less = small.pop()!;
      const more = large.at(-1)!;
      this.#own[less] = shares[less]! * 2 ** 32;
      this.#alias[less] = more;
      shares[more]! -= 1 - shares[less]!;
      if (shares[more]! < 1) small.push(large.pop()!);
    }
  }

  draw(draws: FastDraws): number {
    const place = draws.below(this.#own.length);
    return draws.bits() < this.#own[place]! ? place : this.#alias[place]!;
  }
}
