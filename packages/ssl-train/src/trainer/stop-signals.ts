const names = ['SIGINT', 'SIGTERM'] as const;

/**
 * Turns the first SIGINT or SIGTERM into a request to stop. The handlers are gone after it, so that a second signal has
 * its usual effect at once, even in the middle of a step.
 */
export class StopSignals {
  #received: NodeJS.Signals | undefined;
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[];

  constructor(onSignal: (signal: NodeJS.Signals) => void) {
    this.#handlers = names.map((name) => [
      name,
      () => {
        this.#received = name;
        this.dispose();
        onSignal(name);
      },
    ]);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /** The signal that came, if one did. */
  get received(): NodeJS.Signals | undefined {
    return this.#received;
  }

  dispose(): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }
}
