import { constants } from 'node:os';
import type { OutputStream } from './command-streams.js';
import { InterruptedError } from './interrupted-error.js';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Turns the first Ctrl-C into an error at the next {@link Interruption.check}; the second one ends the process at once. */
export class Interruption {
  readonly #message: string;
  readonly #listener: (signal: NodeJS.Signals) => void;
  #status: number | undefined;

  /** @param message what is left behind, for people */
  constructor(message: string, stream: OutputStream) {
    this.#message = message;
    this.#listener = (signal) => {
      this.#status = 128 + constants.signals[signal];
      this.close();
      stream.write('\nStopping ...\n');
    };
    for (const signal of signals) process.on(signal, this.#listener);
  }

  /** Throws {@link InterruptedError} after a signal. */
  check(): void {
    if (this.#status !== undefined) throw new InterruptedError(this.#message, this.#status);
  }

  /** Gives the signals back. */
  close(): void {
    for (const signal of signals) process.off(signal, this.#listener);
  }
}
