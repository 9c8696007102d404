/** Bytes of a stream, taken in pieces of any size. */
export class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #pending: Uint8Array = new Uint8Array(0);
  #offset = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.#offset;
  }

  /** At least the next `count` bytes, fewer only at the end of the stream; they stay in the queue. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#pending.length < count) {
      const { done, value } = await this.#chunks.next();
      if (done === true) break;
      this.#pending = this.#pending.length === 0 ? value : Buffer.concat([this.#pending, value]);
    }
    return this.#pending;
  }

  /** The next `count` bytes, or undefined when the stream ends before. */
  async take(count: number): Promise<Uint8Array | undefined> {
    const bytes = await this.peek(count);
    if (bytes.length < count) return undefined;
    this.#advance(count);
    return bytes.subarray(0, count);
  }

  /** Passes over bytes without keeping them; returns false when the stream ends before. */
  async skip(count: number): Promise<boolean> {
    for (let left = count; left > 0;) {
      const { length } = await this.peek(1);
      if (length === 0) return false;
      const step = Math.min(left, length);
      this.#advance(step);
      left -= step;
    }
    return true;
  }

  /** All bytes that are left, in the pieces in which they come. */
  async *all(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { length } = await this.peek(1);
      if (length === 0) return;
      yield (await this.take(length))!;
    }
  }

  /** Gives the source back when nothing more is wanted. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #advance(count: number): void {
    this.#pending = this.#pending.subarray(count);
    this.#offset += count;
  }
}
