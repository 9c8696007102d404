import { constants } from 'node:os';

const names = ['SIGINT', 'SIGTERM'] as const;

/**
 * For so long, in ms, a second signal is the first one: a terminal signals its whole process group, and `tsx`, `npx` and
 * `npm run` pass theirs on to the program that has it already.
 */
const repeatMs = 500;

/**
 * Turns the first SIGINT or SIGTERM into a request to stop. Further ones within half a second are the same; after it the
 * signals have their usual effect again, so that a second one ends the process at once.
 *
 * @example
 * const signals = new StopSignals((signal) => console.error(`${signal}: stopping`));
 * while (signals.received === undefined && (await work())) {}
 * signals.dispose();
 * if (signals.status !== undefined) process.exitCode = signals.status;
 */
export class StopSignals {
  readonly #onStop: (signal: NodeJS.Signals) => void;
  readonly #handlers = names.map((name) => [name, () => this.#take(name)] as const);
  #received: NodeJS.Signals | undefined;
  #repeatsUntil = 0;

  /** @param onStop told once, of the first signal */
  constructor(onStop: (signal: NodeJS.Signals) => void) {
    this.#onStop = onStop;
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /** The signal that came, if one did. */
  get received(): NodeJS.Signals | undefined {
    return this.#received;
  }

  /** Exit status of a process that a signal ended, 128 and its number: 130 of SIGINT, 143 of SIGTERM. */
  get status(): number | undefined {
    return this.#received === undefined ? undefined : 128 + constants.signals[this.#received];
  }

  /** Gives the signals back; within half a second of the first one, at the end of that. */
  dispose(): void {
    if (performance.now() >= this.#repeatsUntil) this.#giveBack();
  }

  #take(name: NodeJS.Signals): void {
    if (this.#received === undefined) {
      this.#received = name;
      this.#repeatsUntil = performance.now() + repeatMs;
      setTimeout(() => this.#giveBack(), repeatMs).unref();
      this.#onStop(name);
    } else if (performance.now() >= this.#repeatsUntil) {
      // Reached only where the thread was busy when the time was over.
      this.#giveBack();
      if (process.listenerCount(name) === 0) process.kill(process.pid, name);
    }
  }

  #giveBack(): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }
}
