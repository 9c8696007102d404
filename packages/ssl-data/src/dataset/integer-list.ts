import { sharedIntegers } from './shared-memory.js';

/** A growing list of 32-bit integers. */
export class IntegerList {
  #values = new Int32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The integers so far, to be read before the next one comes. */
  get values(): Int32Array {
    return this.#values.subarray(0, this.#length);
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Int32Array(2 * this.#length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** A copy in memory that threads share. */
  toShared(): Int32Array {
    return sharedIntegers(this.values);
  }
}
