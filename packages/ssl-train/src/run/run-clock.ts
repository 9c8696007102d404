/** Wall time of a run in seconds, and the part that was training. */
export interface RunTimes {
  readonly seconds: number;
  readonly trainingSeconds: number;
}

/** Measures a run in seconds, with and without what is not training. */
export class RunClock {
  readonly #now: () => number;
  readonly #start: number;
  #elsewhere = 0;

  /** @param before seconds of the run's earlier parts */
  constructor(
    private readonly before: RunTimes = { seconds: 0, trainingSeconds: 0 },
    now: () => number = () => performance.now() / 1000,
  ) {
    this.#now = now;
    this.#start = now();
  }

  /** Both times at one moment. */
  read(): RunTimes {
    const passed = this.#now() - this.#start;
    return {
      seconds: this.before.seconds + passed,
      trainingSeconds: this.before.trainingSeconds + passed - this.#elsewhere,
    };
  }

  /** Runs something whose time is not training time. */
  async outside<T>(work: () => T | Promise<T>): Promise<T> {
    const from = this.#now();
    try {
      return await work();
    } finally {
      this.#elsewhere += this.#now() - from;
    }
  }
}
