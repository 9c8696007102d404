import { constants } from 'node:os';
import { printable } from '@selfsup/ssl-core';
import { InterruptedError } from './interrupted-error.js';

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Ends the process at Ctrl-C and SIGTERM between trainings, where every finished stage is saved already. While a
 * training runs, the Trainer saves and stops by itself: wrap it in {@link Interruption.training}. A second signal always
 * ends at once.
 */
export class Interruption {
  readonly #message: string;
  readonly #listeners: readonly (readonly [NodeJS.Signals, () => void])[];
  #training = 0;
  #status: number | undefined;

  /** @param resumeCommand how to go on */
  constructor(resumeCommand: string) {
    this.#message = `Stopped; what was finished is saved. Go on with: ${resumeCommand}`;
    this.#listeners = signals.map((signal) => [
      signal,
      () => {
        const isFirst = this.#status === undefined;
        this.#status ??= 128 + constants.signals[signal];
        if (this.#training > 0 && isFirst) return;
        process.stderr.write(`\n${printable(this.#message)}\n`);
        process.exit(this.#status);
      },
    ]);
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
  }

  /**
   * Runs a training.
   *
   * @throws InterruptedError where it was stopped
   */
  async training<T extends { readonly interrupted: boolean }>(fit: () => Promise<T>): Promise<T> {
    this.#training++;
    try {
      const result = await fit();
      if (result.interrupted || this.#status !== undefined) throw new InterruptedError(this.#message, this.#status);
      return result;
    } finally {
      this.#training--;
    }
  }

  /** Gives the signals back. */
  close(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }
}
