import { CheckpointError } from '@selfsup/ssl-tensor/host';
import type { JsonValue } from '../checkpoint/run-config.js';
import type {
  BatchEvent,
  EvaluationEvent,
  ObserverMetrics,
  RunControl,
  RunInfo,
  TrainerObserver,
} from '../observers/trainer-observer.js';
import { addNote } from './add-note.js';
import { checkJson } from './check-json.js';
import { checkMetrics } from './check-metrics.js';
import type { Evaluation } from './history.js';
import type { RunState } from './run-state.js';

/** The observers of one run: calls their hooks outside the training time, keeps what they find and their state. */
export class RunObservers {
  readonly #observers: readonly TrainerObserver[];
  readonly #state: RunState;
  readonly #control: RunControl;
  /** All of them know of the run. */
  #hasBegun = false;

  constructor(
    observers: readonly TrainerObserver[],
    state: RunState,
    { stop, save }: Pick<RunControl, 'stop' | 'save'>,
  ) {
    this.#observers = observers;
    this.#state = state;
    this.#control = { stop, save, note: (text) => this.note(text) };
  }

  /** Tells of the run. What is said before all observers know of it is told when they do. */
  async begin(info: RunInfo): Promise<void> {
    await this.tell((observer, run) => observer.onStart?.(info, run));
    this.#hasBegun = true;
    for (const text of this.#state.notes.splice(0)) this.note(text);
  }

  /** Calls a hook of every observer, one after the other. */
  async tell(hook: (observer: TrainerObserver, run: RunControl) => void | Promise<void>): Promise<void> {
    for (const observer of this.#observers) await this.#state.clock.outside(() => hook(observer, this.#control));
  }

  /** Tells of a batch those who want to know. */
  async batch(event: () => BatchEvent): Promise<void> {
    if (this.#observers.some((observer) => observer.onBatch !== undefined)) {
      const told = event();
      await this.tell((observer) => observer.onBatch?.(told));
    }
  }

  /** As `tell`; the numbers that observers return are kept and told, of all or, when one fails, of none. */
  async ask(
    after: EvaluationEvent['after'],
    hook: (observer: TrainerObserver, run: RunControl) => ObserverMetrics | Promise<ObserverMetrics>,
  ): Promise<void> {
    const found: Pick<Evaluation, 'metrics' | 'observer'>[] = [];
    for (const observer of this.#observers) {
      const metrics = await this.#state.clock.outside(() => hook(observer, this.#control));
      if (metrics === undefined) continue;
      const { name } = observer;
      found.push({ metrics: checkMetrics(metrics), ...(name === undefined ? {} : { observer: name }) });
    }
    for (const item of found) {
      const evaluation = this.#state.addEvaluation(item, after);
      await this.tell((observer, run) => observer.onEvaluation?.(evaluation, run));
    }
  }

  /** Tells the user something that is no error, on the screen and in the log, and keeps it for the result. */
  note(text: string): void {
    const { notes, step } = this.#state;
    notes.push(text);
    if (this.#hasBegun) for (const observer of this.#observers) observer.onNote?.({ step, text });
  }

  /** Tells of the error that ends the run; what is thrown by an observer itself is added to it. */
  async fail(error: unknown): Promise<void> {
    const { step } = this.#state;
    for (const observer of this.#observers) {
      try {
        const text = await observer.explain?.(error, step);
        if (text !== undefined) addNote(error, text);
      } catch (cause) {
        addNote(error, `Also: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
    }
    for (const observer of this.#observers) {
      try {
        await observer.onError?.(error, step);
      } catch (cause) {
        addNote(error, `Also: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
    }
  }

  /** What a checkpoint keeps, by the observers' names. */
  saved(): Record<string, JsonValue> {
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
