/** A typed array that grows on demand and is reused by the next call: views run one after the other per thread. */
export class Scratch<A extends Uint8Array | Int32Array | Float64Array> {
  readonly #make: (length: number) => A;
  #array: A;

  constructor(make: (length: number) => A) {
    this.#make = make;
    this.#array = make(0);
  }

  /** At least `length` elements of unspecified content, valid until the next call. */
  get(length: number): A {
    if (this.#array.length < length) this.#array = this.#make(Math.ceil(length * 1.25));
    return this.#array;
  }
}
