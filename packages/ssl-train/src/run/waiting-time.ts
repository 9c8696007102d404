/** How much older steps count in the share that is shown. */
const forgetting = 0.95;
/** Steps that say nothing of the loader yet: workers start, graphs are compiled. */
const settling = 50;
/** What has to be measured after these before anything is said of it. */
const enough = { steps: 50, seconds: 5 };
/** The share from which something is said. */
const tooMuch = 1 / 3;

/** Part of a time that was waiting, both in seconds. */
interface Times {
  readonly waited: number;
  readonly all: number;
}

const none: Times = { waited: 0, all: 0 };
const sum = (a: Times, b: Times): Times => ({ waited: a.waited + b.waited, all: a.all + b.all });
const shareOf = ({ waited, all }: Times): number => (all > 0 ? Math.min(1, waited / all) : 0);

/** How much of the training time is waiting for the loader. */
export class WaitingTime {
  readonly #now: () => number;
  /** Of the step that goes on. */
  #waited = 0;
  #sinceLogged = none;
  #recent = none;
  #measured = { ...none, from: 0, steps: 0 };
  #steps = 0;
  #told = false;

  /** @param now seconds of some clock */
  constructor(now: () => number = () => performance.now() / 1000) {
    this.#now = now;
  }

  /** The same batches; measures how long each is waited for. */
  async *timed<B>(batches: AsyncIterable<B>): AsyncGenerator<B> {
    const iterator = batches[Symbol.asyncIterator]();
    try {
      for (;;) {
        const from = this.#now();
        const { done, value } = await iterator.next();
        this.#waited += this.#now() - from;
        if (done === true) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  /**
   * A step has ended.
   *
   * @param step counted from 1
   * @param seconds that it took, waiting included
   * @param compiled whether something was compiled in the time, which then says little of the steps to come
   */
  add(step: number, seconds: number, compiled: boolean): void {
    const times = { waited: this.#waited, all: seconds };
    this.#waited = 0;
    this.#steps++;
    this.#sinceLogged = sum(this.#sinceLogged, times);
    if (compiled) return;
    const { waited, all } = this.#recent;
    this.#recent = sum({ waited: waited * forgetting, all: all * forgetting }, times);
    if (this.#steps <= settling) return;
    const { from, steps, ...before } = this.#measured;
    this.#measured = { ...sum(before, times), from: steps === 0 ? step : from, steps: steps + 1 };
  }

  /** Share of the steps since the last logged one, in 0 .. 1. */
  get share(): number {
    return shareOf(this.#sinceLogged);
  }

  /** Share of the last steps, older ones counting less and less. */
  get recentShare(): number {
    return shareOf(this.#recent);
  }

  /** The share has been logged. */
  logged(): void {
    this.#sinceLogged = none;
  }

  /** What the user should know, once: a run that mostly waits. */
  advice(step: number): string | undefined {
    const { from, steps, all } = this.#measured;
    const share = shareOf(this.#measured);
    if (this.#told || steps < enough.steps || all < enough.seconds || share <= tooMuch) return undefined;
    this.#told = true;
    return `${Math.round(100 * share)} % of the time of steps ${from} to ${step} was waiting for the loader. While cores are free, more workers help (workers of DataLoader); else views of fewer pixels, less augmentation, or a packed data set (npx @selfsup/ssl-data pack). A loader of your own can prepare the next batch while a step runs`;
  }
}
