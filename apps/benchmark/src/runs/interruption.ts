import { InterruptedError } from './interrupted-error.js';

/**
 * Ends the process at Ctrl-C between trainings, where every finished stage is saved already. While a training runs, the
 * Trainer saves and stops by itself: wrap it in {@link Interruption.training}. A second Ctrl-C always ends at once.
 */
export class Interruption {
  readonly #message: string;
  readonly #listener: () => void;
  #training = 0;
  #signals = 0;

  /** @param resumeCommand how to go on */
  constructor(resumeCommand: string) {
    this.#message = `Stopped; what was finished is saved. Go on with: ${resumeCommand}`;
    this.#listener = () => {
      if (this.#training > 0 && ++this.#signals < 2) return;
      process.stderr.write(`\n${this.#message}\n`);
      process.exit(130);
    };
    process.on('SIGINT', this.#listener);
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
      if (result.interrupted || this.#signals > 0) throw new InterruptedError(this.#message);
      return result;
    } finally {
      this.#training--;
    }
  }

  /** Gives Ctrl-C back. */
  close(): void {
    process.off('SIGINT', this.#listener);
  }
}
