/** Limits of a transfer from a server. */
export interface TransferLimits {
  /** Longest time without a byte, ms; also how long a transfer may be too slow. */
  readonly timeoutMs: number;
  /** Least bytes per second, on average over `timeoutMs`. */
  readonly minBytesPerSecond: number;
  /** When the whole transfer, further tries included, must have ended, ms as `performance.now()`. */
  readonly endsAt: number;
}

/** Aborts a transfer that goes too long without a byte, trickles, or does not end. */
export class TransferWatch {
  readonly #controller = new AbortController();
  readonly #limits: TransferLimits;
  readonly #idle: NodeJS.Timeout;
  readonly #end: NodeJS.Timeout | undefined;
  #slow: NodeJS.Timeout | undefined;
  #windowBytes = 0;
  #reason: string | undefined;
  #final = false;

  constructor(limits: TransferLimits) {
    const { timeoutMs, endsAt } = limits;
    this.#limits = limits;
    this.#idle = setTimeout(() => this.#abort(`no byte for ${timeoutMs} ms`), timeoutMs);
    const left = endsAt - performance.now();
    // Longer than a timer can be.
    this.#end = left > 2 ** 31 - 1 ? undefined : setTimeout(() => this.#expire(), Math.max(0, left));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it was aborted. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Whether no time is left for a further try. */
  get expired(): boolean {
    return this.#final;
  }

  /** The server has answered; from now on the bytes are counted. */
  answered(): void {
    this.#idle.refresh();
    const { timeoutMs, minBytesPerSecond } = this.#limits;
    const least = (minBytesPerSecond * timeoutMs) / 1000;
    this.#slow ??= setInterval(() => {
      // Without a byte it is the other limit that tells.
      if (this.#windowBytes > 0 && this.#windowBytes < least)
        this.#abort(
          `${this.#windowBytes} bytes in ${timeoutMs} ms, fewer than http.minBytesPerSecond (${minBytesPerSecond})`,
        );
      this.#windowBytes = 0;
    }, timeoutMs);
  }

  received(bytes: number): void {
    this.#idle.refresh();
    this.#windowBytes += bytes;
  }

  clear(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#end);
    clearInterval(this.#slow);
  }

  #expire(): void {
    this.#final = true;
    this.#abort('not whole within http.maxSeconds');
  }

  #abort(reason: string): void {
    this.#reason ??= reason;
    this.#controller.abort();
  }
}
