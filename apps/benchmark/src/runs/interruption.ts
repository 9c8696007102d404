import { printable } from '@selfsup/ssl-core';
import { StopSignals } from '@selfsup/ssl-core/signals';
import { InterruptedError } from './interrupted-error.js';

/**
 * Ends the process at Ctrl-C and SIGTERM between trainings, where every finished stage is saved already. A training gets
 * {@link Interruption.trainerOptions} instead, finishes its step and saves: wrap it in {@link Interruption.training}. A
 * second signal, half a second later or more, always ends at once.
 */
export class Interruption {
  readonly #message: string;
  readonly #signals: StopSignals;
  readonly #stop = new AbortController();
  #training = 0;

  /** @param resumeCommand how to go on */
  constructor(resumeCommand: string) {
    this.#message = printable(`Stopped; what was finished is saved. Go on with: ${resumeCommand}`);
    this.#signals = new StopSignals(() => {
      this.#stop.abort();
      if (this.#training > 0) {
        process.stderr.write('\nStopping after this step (Ctrl-C again to quit at once)\n');
        return;
      }
      process.stderr.write(`\n${this.#message}\n`);
      process.exit(this.#signals.status);
    });
  }

  /** Options of a training: it stops when a signal comes, and leaves the signals to this. */
  get trainerOptions(): { readonly signal: AbortSignal; readonly handleSignals: false } {
    return { signal: this.#stop.signal, handleSignals: false };
  }

  /**
   * Runs a training that has {@link trainerOptions}.
   *
   * @throws InterruptedError where it was stopped
   */
  async training<T extends { readonly interrupted: boolean }>(fit: () => Promise<T>): Promise<T> {
    this.#training++;
    try {
      const result = await fit();
      if (result.interrupted || this.#signals.status !== undefined)
        throw new InterruptedError(this.#message, this.#signals.status);
      return result;
    } finally {
      this.#training--;
    }
  }

  /** Gives the signals back. */
  close(): void {
    this.#signals.dispose();
  }
}
