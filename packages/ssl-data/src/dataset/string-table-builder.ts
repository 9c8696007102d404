import { IntegerList } from './integer-list.js';
import { sharedBytes } from './shared-memory.js';
import type { StringTable } from './string-table.js';

const firstBlock = 2 ** 14;
const largestBlock = 2 ** 22;
const encoder = new TextEncoder();

/** Collects strings into a {@link StringTable} without keeping an object per string. */
export class StringTableBuilder {
  /** Full blocks, cut to what they hold. */
  #full: Uint8Array[] = [];
  #block = new Uint8Array(firstBlock);
  #used = 0;
  readonly #lengths = new IntegerList();

  /** Number of strings. */
  get length(): number {
    return this.#lengths.length;
  }

  add(text: string): void {
    // UTF-8 takes at most three bytes per code unit.
    this.#reserve(text.length * 3);
    const { written } = encoder.encodeInto(text, this.#block.subarray(this.#used));
    this.#used += written;
    this.#lengths.push(written);
  }

  /** Adds a string that is UTF-8 already; the bytes are copied. */
  addBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#block.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#lengths.push(bytes.length);
  }

  /** The table, in memory that threads share and in the order of the calls. The builder is empty afterwards. */
  finish(): StringTable {
    this.#full.push(this.#block.subarray(0, this.#used));
    const bytes = sharedBytes(this.#full.reduce((sum, block) => sum + block.length, 0));
    let filled = 0;
    for (const block of this.#full) {
      bytes.set(block, filled);
      filled += block.length;
    }
    this.#full = [];
    this.#block = new Uint8Array(0);
    this.#used = 0;
    const lengths = this.#lengths.toShared();
    const offsets = new Float64Array(new SharedArrayBuffer(8 * lengths.length));
    for (let i = 1; i < lengths.length; i++) offsets[i] = offsets[i - 1]! + lengths[i - 1]!;
    return { bytes, offsets, lengths };
  }

  #reserve(count: number): void {
    if (this.#used + count <= this.#block.length) return;
    const next = Math.min(2 * this.#block.length, largestBlock);
    this.#full.push(this.#block.subarray(0, this.#used));
    this.#block = new Uint8Array(Math.max(next, count));
    this.#used = 0;
  }
}
