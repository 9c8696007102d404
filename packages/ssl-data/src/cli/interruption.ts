import { StopSignals } from '@selfsup/ssl-core/signals';
import type { OutputStream } from './command-streams.js';
import { InterruptedError } from './interrupted-error.js';

/**
 * Turns the first Ctrl-C into an error at the next {@link Interruption.check}; a second one, half a second later or more,
 * ends the process at once.
 */
export class Interruption {
  readonly #message: string;
  readonly #signals: StopSignals;

  /** @param message what is left behind, for people */
  constructor(message: string, stream: OutputStream) {
    this.#message = message;
    this.#signals = new StopSignals(() => void stream.write('\nStopping ... (Ctrl-C again to quit at once)\n'));
  }

  /** Throws {@link InterruptedError} after a signal. */
  check(): void {
    const { status } = this.#signals;
    if (status !== undefined) throw new InterruptedError(this.#message, status);
  }

  /** Gives the signals back. */
  close(): void {
    this.#signals.dispose();
  }
}
