import { setTimeout as delay } from 'node:timers/promises';
import { MlflowFailure } from './mlflow-failure.js';
import type { MlflowItem } from './mlflow-items.js';
import type { MlflowRun } from './mlflow-run.js';

/** MLflow takes 1000 items of a batch, of these 100 parameters and 100 tags. */
const batchSize = { all: 500, params: 100, tags: 100 } as const;

/** How long to leave a server that is gone alone, in milliseconds: twice as long each time, up to the last. */
const waits = { first: 1000, last: 60_000 } as const;

/** Numbers that a server refuses one after the other, until it is left alone for a while. */
const patience = 5;

/** Options of {@link MlflowSender}. */
export interface MlflowSenderOptions {
  readonly run: MlflowRun;
  readonly sendEveryMs: number;
  readonly maxWaiting: number;
  readonly tell: (text: string) => void;
  /** What is to be sent already. */
  readonly waiting: readonly MlflowItem[];
}

/** Sends items in order, in batches, beside the training; keeps them while the server is gone. */
export class MlflowSender {
  readonly #options: MlflowSenderOptions;
  #waiting: MlflowItem[];
  /** How many of the first are being sent. */
  #inFlight = 0;
  #limit: number = batchSize.all;
  #refusedInRow = 0;
  #lost = 0;
  #working: Promise<void> | undefined;
  #sentAt = -Infinity;
  #triedAgainAt = -Infinity;
  #wait = 0;
  #lastReason: string | undefined;
  readonly #told = new Set<'away' | 'full' | 'refused'>();

  constructor(options: MlflowSenderOptions) {
    this.#options = options;
    this.#waiting = [...options.waiting];
  }

  /** What the server has not confirmed, in order. */
  get waiting(): readonly MlflowItem[] {
    return this.#waiting;
  }

  /** Why the server took nothing when it was last tried, where it did not. */
  get lastReason(): string | undefined {
    return this.#lastReason;
  }

  /** Never waits. */
  add(items: readonly MlflowItem[]): void {
    const { maxWaiting, sendEveryMs } = this.#options;
    this.#waiting.push(...items);
    const excess = this.#waiting.length - Math.max(maxWaiting, this.#inFlight);
    if (excess > 0) {
      this.#lose(this.#waiting.splice(this.#inFlight, excess));
      this.#tellOnce('full', `more than ${maxWaiting} numbers wait for MLflow: the oldest are given up`);
    }
    const now = Date.now();
    if (now < this.#triedAgainAt) return;
    if (this.#waiting.length >= batchSize.all || now >= this.#sentAt + sendEveryMs) void this.send();
  }

  /** Sends all that waits, if the server is there; never fails. */
  send(): Promise<void> {
    this.#sentAt = Date.now();
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
    return this.#working;
  }

  /**
   * Sends what waits, and tries again until a moment.
   *
   * @param last what else is to be done at the server then
   * @returns how many numbers did not reach the server, those given up before included
   */
  async finish(until: number, last: () => Promise<void>): Promise<number> {
    for (;;) {
      await this.send();
      if (this.#waiting.length === 0 && (await this.#guarded(last))) break;
      const rest = until - Date.now();
      if (rest <= 0) break;
      await delay(Math.min(waits.first, rest));
    }
    this.#lose(this.#waiting.splice(0));
    return this.#lost;
  }

  async #work(): Promise<void> {
    if (await this.#guarded(() => this.#sendAll())) {
      this.#wait = 0;
      this.#triedAgainAt = -Infinity;
    }
    this.#inFlight = 0;
  }

  async #sendAll(): Promise<void> {
    const { run, tell } = this.#options;
    const news = await run.ready();
    if (news !== undefined) tell(news);
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      this.#inFlight = batch.length;
      try {
        await run.log(await run.unknown(batch));
        this.#refusedInRow = 0;
      } catch (failure) {
        if (!(failure instanceof MlflowFailure) || !failure.isOfContent) throw failure;
        if (batch.length > 1) {
          // One of them is at fault; the others are not lost with it.
          this.#limit = Math.ceil(batch.length / 2);
          continue;
        }
        this.#lose(batch);
        this.#tellOnce('refused', `MLflow refuses ${batch[0]!.key}, which is left out there: ${failure.message}`);
        if (++this.#refusedInRow >= patience) {
          this.#waiting.shift();
          throw failure;
        }
      }
      this.#waiting.splice(0, batch.length);
      this.#inFlight = 0;
      this.#limit = Math.min(batchSize.all, 2 * this.#limit);
    }
  }

  #nextBatch(): readonly MlflowItem[] {
    const counts = { metrics: 0, params: 0, tags: 0 };
    const end = this.#waiting.findIndex(({ kind }, index) => {
      counts[kind]++;
      return index >= this.#limit || counts.params > batchSize.params || counts.tags > batchSize.tags;
    });
    return this.#waiting.slice(0, end < 0 ? undefined : end);
  }

  /** @returns false where the server did not do it: it is then left alone for a while */
  async #guarded(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.#lastReason = undefined;
      return true;
    } catch (failure) {
      // What else goes wrong here, such as an answer in another form, must not end the training either.
      this.#lastReason = failure instanceof Error ? failure.message : String(failure);
      this.#wait = Math.min(waits.last, Math.max(waits.first, 2 * this.#wait));
      this.#triedAgainAt = Date.now() + this.#wait;
      this.#tellOnce(
        'away',
        `MLflow: ${this.#lastReason}. The training goes on; its numbers are kept and sent when the server takes them`,
      );
      return false;
    }
  }

  #lose(items: readonly MlflowItem[]): void {
    this.#lost += items.filter(({ kind }) => kind === 'metrics').length;
  }

  #tellOnce(what: 'away' | 'full' | 'refused', text: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#options.tell(text);
  }
}
