import { DataError } from '@selfsup/ssl-core';
import type { DecodeBudget, DecodeShare } from './decode-budget.js';
import { collectGarbage } from './collect-garbage.js';

/** Where pixels can be put that nobody needs for long. */
export interface PixelMemory {
  /** What is decoded into it counts there. Default: the thread's. */
  readonly budget?: DecodeBudget | undefined;
  /** `length` bytes of unspecified content, which nothing else uses until the owner of the memory resets it. */
  take(length: number): Uint8Array<ArrayBuffer>;
  /** Takes over the share of a large picture, which it gives back when the owner is done with the picture. */
  keep?(share: DecodeShare): void;
}

/** Memory for the pictures of a sample, one sample after the other. */
abstract class SampleMemory implements PixelMemory {
  readonly budget: DecodeBudget | undefined;
  #share: DecodeShare | undefined;

  constructor(budget?: DecodeBudget) {
    this.budget = budget;
  }

  abstract take(length: number): Uint8Array<ArrayBuffer>;
  /** All that was taken may be given again. */
  abstract reset(): void;

  keep(share: DecodeShare): void {
    // A second picture of one sample: who waits for a share has none, so that no two wait for each other.
    this.#share?.release();
    this.#share = share;
  }

  /** To be called when the sample is no longer needed: frees a large picture for those that wait. */
  done(): Promise<void> | undefined {
    const share = this.#share;
    this.#share = undefined;
    return share === undefined ? undefined : collectGarbage().then(() => share.release());
  }
}

/** Bytes that are kept at most; what goes beyond is given once and left to the garbage collector. */
const maxKept = 2 ** 25;

/**
 * Memory that is given out again and again. New memory for every picture would have the garbage collector run after
 * some hundred of them, with threads of its own beside the workers.
 */
export class ReusedMemory extends SampleMemory {
  #bytes = new Uint8Array(0);
  #used = 0;
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

/** New memory for each picture. */
export class NewMemory extends SampleMemory {
  take(length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(length);
  }

  reset(): void {}
}

let current: PixelMemory | undefined;

/** `length` bytes of unspecified content for the result of an operation. Throws DataError for more than there is. */
export function newPixels(length: number): Uint8Array<ArrayBuffer> {
  try {
    return current === undefined ? new Uint8Array(length) : current.take(length);
  } catch (cause) {
    // Too long for an array, or for the machine.
    if (!(cause instanceof RangeError)) throw cause;
    throw new DataError(
      `the picture is too large for this view: its result has ${length} bytes; crop or resize it first, or decode with resize or maxPixels`,
      { cause },
    );
  }
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
