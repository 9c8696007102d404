/** Limits of a transfer from a server. */
export interface TransferLimits {
  /** Longest time without a byte, ms; also how long a transfer may be too slow. */
  readonly timeoutMs: number;
  /** Least bytes per second, on average over `timeoutMs`. */
  readonly minBytesPerSecond: number;
  /** When the whole transfer, further tries included, must have ended, ms as `performance.now()`. */
  readonly endsAt: number;
}

/** Aborts a transfer that goes too long without a byte, trickles, or does not end. Its clock runs unless it is paused. */
export class TransferWatch {
  readonly #controller = new AbortController();
  readonly #limits: TransferLimits;
  #idle: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
  #slow: NodeJS.Timeout | undefined;
  /** Since when the timers run. */
  #since = 0;
  /** What is left of the whole time, and of the window over which bytes are counted, ms. */
  #left: number;
  #windowLeft: number;
  #hasAnswered = false;
  #windowBytes = 0;
  #reason: string | undefined;
  #final = false;

  constructor(limits: TransferLimits) {
    this.#limits = limits;
    this.#left = limits.endsAt - performance.now();
    this.#windowLeft = limits.timeoutMs;
    this.resume();
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

  /** What is left of the whole time, ms; to be asked for while the watch is paused. */
  get left(): number {
    return this.#left;
  }

  /** The server has answered; from now on the bytes are counted. */
  answered(): void {
    this.#idle?.refresh();
    if (this.#hasAnswered) return;
    this.#hasAnswered = true;
    this.#watchWindow(this.#limits.timeoutMs);
  }

  received(bytes: number): void {
    this.#idle?.refresh();
    this.#windowBytes += bytes;
  }

  /** Stops the clock: what follows is not the server's time. */
  pause(): void {
    this.clear();
    const gone = performance.now() - this.#since;
    this.#left -= gone;
    this.#windowLeft -= gone;
  }

  resume(): void {
    const { timeoutMs } = this.#limits;
    this.#since = performance.now();
    this.#idle = setTimeout(() => this.#abort(`no byte for ${timeoutMs} ms`), timeoutMs);
    // Longer than a timer can be.
    this.#end = this.#left > 2 ** 31 - 1 ? undefined : setTimeout(() => this.#expire(), Math.max(0, this.#left));
    if (this.#hasAnswered) this.#watchWindow(this.#windowLeft);
  }

  clear(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#end);
    clearTimeout(this.#slow);
  }

  #watchWindow(ms: number): void {
    const { timeoutMs, minBytesPerSecond } = this.#limits;
    // Counted from when the timers were set, as pause() does.
    this.#windowLeft = performance.now() - this.#since + ms;
    this.#slow = setTimeout(
      () => {
        // Without a byte it is the other limit that tells.
        if (this.#windowBytes > 0 && this.#windowBytes < (minBytesPerSecond * timeoutMs) / 1000)
          this.#abort(
            `${this.#windowBytes} bytes in ${timeoutMs} ms, fewer than http.minBytesPerSecond (${minBytesPerSecond})`,
          );
        this.#windowBytes = 0;
        this.#watchWindow(timeoutMs);
      },
      Math.max(0, ms),
    );
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
