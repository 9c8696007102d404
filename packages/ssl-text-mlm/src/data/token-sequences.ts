import { DataError } from '@selfsup/ssl-tensor/host';

/** Most ids of one data set: places are 32-bit integers. */
const mostTokens = 2 ** 31 - 1;

/** Sequences of ids that grow, kept flat: 4 bytes an id, and no object for each. */
export class TokenSequences {
  #tokens = new Int32Array(1024);
  #offsets = new Int32Array(64);
  #length = 0;

  /** Number of sequences. */
  get length(): number {
    return this.#length;
  }

  /** Ids, and where each sequence begins, `[length + 1]`; to be read before the next one comes. */
  get arrays(): { readonly tokens: Int32Array; readonly offsets: Int32Array } {
    return {
      tokens: this.#tokens.subarray(0, this.#offsets[this.#length]),
      offsets: this.#offsets.subarray(0, this.#length + 1),
    };
  }

  /** @throws DataError for more ids than a data set may hold */
  push(ids: ArrayLike<number>): void {
    const start = this.#offsets[this.#length]!;
    const end = start + ids.length;
    if (end > mostTokens)
      throw new DataError(
        `the texts have more than ${mostTokens} tokens, the most of one data set; take a part of them`,
      );
    if (end > this.#tokens.length) this.#tokens = grown(this.#tokens, end);
    if (this.#length + 2 > this.#offsets.length) this.#offsets = grown(this.#offsets, this.#length + 2);
    this.#tokens.set(ids, start);
    this.#length++;
    this.#offsets[this.#length] = end;
  }
}

function grown(values: Int32Array, least: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.min(mostTokens, Math.max(least, Math.ceil(1.5 * values.length))));
  larger.set(values);
  return larger;
}
