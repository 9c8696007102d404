import type { DecodeBudget } from './decode-budget.js';

/** Where pixels can be put that nobody needs for long. */
export interface PixelMemory {
  /** What is decoded into it counts there. Default: the thread's. */
  readonly budget?: DecodeBudget | undefined;
  /** `length` bytes of unspecified content, which nothing else uses until the owner of the memory resets it. */
  take(length: number): Uint8Array<ArrayBuffer>;
}

/** Bytes that are kept at most; what goes beyond is given once and left to the garbage collector. */
const maxKept = 2 ** 25;

/**
 * Memory that is given out again and again. New memory for every picture would have the garbage collector run after
 * some hundred of them, with threads of its own beside the workers.
 */
export class ReusedMemory implements PixelMemory {
  readonly budget: DecodeBudget | undefined;
  #bytes = new Uint8Array(0);
  #used = 0;

  constructor(budget?: DecodeBudget) {
    this.budget = budget;
  }

  take(length: number): Uint8Array<ArrayBuffer> {
    if (this.#used + length > this.#bytes.length) {
      if (this.#used + length > maxKept) return new Uint8Array(length);
      // What was given before stays valid in the old memory.
      this.#bytes = new Uint8Array(Math.min(maxKept, 2 * (this.#used + length)));
    }
    const taken = this.#bytes.subarray(this.#used, this.#used + length);
    this.#used += length;
    return taken;
  }

  /** All that was taken may be given again. */
  reset(): void {
    this.#used = 0;
  }
}

/** New memory for each picture, decoded within a budget. */
export class NewMemory implements PixelMemory {
  readonly budget: DecodeBudget | undefined;

  constructor(budget: DecodeBudget | undefined) {
    this.budget = budget;
  }

  take(length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(length);
  }

  /** Nothing is taken back. */
  reset(): void {}
}

let current: PixelMemory | undefined;

/** `length` bytes of unspecified content for the result of an operation. */
export function newPixels(length: number): Uint8Array<ArrayBuffer> {
  return current === undefined ? new Uint8Array(length) : current.take(length);
}

/** A copy of bytes, as the result of an operation. */
export function copyPixels(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = newPixels(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Runs a function whose operations put their results into `memory`, `undefined` for new memory each. */
export function withMemory<T>(memory: PixelMemory | undefined, run: () => T): T {
  const outer = current;
  current = memory;
  try {
    return run();
  } finally {
    current = outer;
  }
}
