import { CheckpointError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { JsonValue } from '../checkpoint/run-config.js';
import type { ObserverMetrics, RunControl, TrainerObserver } from '../observers/trainer-observer.js';
import { addNote } from './add-note.js';
import { checkJson } from './check-json.js';
import { checkMetrics } from './check-metrics.js';
import type { Evaluation } from './history.js';
import type { RunClock } from './run-clock.js';

/** The observers of one run: calls their hooks outside the training time, keeps their state. */
export class RunObservers {
  readonly #observers: readonly TrainerObserver[];
  readonly #outside: <T>(work: () => T | Promise<T>) => Promise<T>;
  readonly #control: RunControl;

  /** @param clock of the run, which may be another one after a restore */
  constructor(observers: readonly TrainerObserver[], clock: () => RunClock, control: RunControl) {
    this.#observers = observers;
    this.#outside = (work) => clock().outside(work);
    this.#control = control;
  }

  /** Calls a hook of every observer, one after the other. */
  async tell(hook: (observer: TrainerObserver, run: RunControl) => void | Promise<void>): Promise<void> {
    for (const observer of this.#observers) await this.#outside(() => hook(observer, this.#control));
  }

  /** As `tell`, collecting the numbers that observers return, and whose they are: of all or, when one fails, of none. */
  async ask(
    hook: (observer: TrainerObserver, run: RunControl) => ObserverMetrics | Promise<ObserverMetrics>,
  ): Promise<Pick<Evaluation, 'metrics' | 'observer'>[]> {
    const found: Pick<Evaluation, 'metrics' | 'observer'>[] = [];
    for (const observer of this.#observers) {
      const metrics = await this.#outside(() => hook(observer, this.#control));
      if (metrics === undefined) continue;
      const { name } = observer;
      found.push({ metrics: checkMetrics(metrics), ...(name === undefined ? {} : { observer: name }) });
    }
    return found;
  }

  /** Tells of something at once, from within a hook too. */
  note(step: number, text: string): void {
    for (const observer of this.#observers) observer.onNote?.({ step, text });
  }

  /** Tells of the error that ends the run; what is thrown by an observer itself is added to it. */
  async fail(error: unknown, step: number): Promise<void> {
    for (const observer of this.#observers) {
      try {
        await observer.onError?.(error, step);
      } catch (cause) {
        addNote(error, `Also: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
    }
  }

  /** What a checkpoint keeps, by the observers' names. */
  state(): Record<string, JsonValue> {
    return Object.fromEntries(
      this.#observers.flatMap((observer) => {
        if (observer.state === undefined) return [];
        const name = observer.name!;
        const state = observer.state();
        checkJson(`observers.${name}.state()`, state);
        return [[name, state] as const];
      }),
    );
  }

  /**
   * Gives observers the state of a checkpoint. One that the checkpoint does not know begins anew.
   *
   * @throws CheckpointError where an observer does not take it
   */
  restore(saved: Readonly<Record<string, JsonValue>>, path: string): void {
    for (const observer of this.#observers) {
      const { name } = observer;
      if (observer.restore === undefined || name === undefined || !Object.hasOwn(saved, name)) continue;
      try {
        observer.restore(saved[name]!);
      } catch (cause) {
        throw new CheckpointError(
          `the observer '${name}' does not take its saved state: ${cause instanceof Error ? cause.message : String(cause)}`,
          { path, cause },
        );
      }
    }
  }
}

/** @throws InvalidOptionError where two have one name, or one with a state has none */
export function checkObserverNames(where: string, observers: readonly TrainerObserver[]): void {
  const seen = new Set<string>();
  observers.forEach((observer, index) => {
    const { name } = observer;
    const option = `observers[${index}].name`;
    const hasState = observer.state !== undefined;
    if (hasState !== (observer.restore !== undefined))
      throw new InvalidOptionError(where, `observers[${index}]`, 'both state and restore, or neither', 'one of them');
    if (name === undefined) {
      if (!hasState) return;
      throw new InvalidOptionError(where, option, 'given, since it has a state to save', undefined);
    }
    if (typeof name !== 'string' || name === '') throw new InvalidOptionError(where, option, 'a name', name);
    if (seen.has(name)) throw new InvalidOptionError(where, option, 'unique among the observers', name);
    seen.add(name);
  });
}
