import { StopSignals } from '@selfsup/ssl-core/signals';
import type { ProgressReporter } from '../observers/progress/progress-reporter.js';
import { SilentProgress } from '../observers/progress/silent-progress.js';
import type { RunPlan } from './run-plan.js';
import { afterStopText, stoppedText, stoppingText } from './stop-text.js';
import { trainerDefaults } from './trainer-options.js';
import { TsxRelay } from './tsx-relay.js';

/** The run of this program that a signal stopped, and that has not been brought to its end since. */
let unfinished: { readonly signal: NodeJS.Signals; readonly dir: string | undefined } | undefined;

/** What asks a run to end early, a signal or the user's `AbortSignal`, and what is told of it. */
export class RunStop {
  readonly #plan: Pick<RunPlan<unknown>, 'options' | 'totalSteps'>;
  readonly #progress: ProgressReporter;
  readonly #signals: StopSignals | undefined;
  readonly #relay: TsxRelay | undefined;
  #reason: string | undefined;

  constructor(plan: Pick<RunPlan<unknown>, 'options' | 'totalSteps'>, progress: ProgressReporter) {
    this.#plan = plan;
    this.#progress = progress;
    if (!(plan.options.handleSignals ?? trainerDefaults.handleSignals)) return;
    this.#signals = new StopSignals((signal) => {
      progress.stop();
      this.#answer(stoppingText(signal, plan.options.checkpoint));
    });
    this.#relay = new TsxRelay();
  }

  /** Whether the run is to end after the step that it is in. */
  get isAsked(): boolean {
    return (
      this.#reason !== undefined || this.#signals?.received !== undefined || this.#plan.options.signal?.aborted === true
    );
  }

  /** Why an observer stops the run. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Ends the run after its step; the first reason counts. */
  ask(reason: string): void {
    this.#reason ??= reason;
  }

  /** Settled once signals reach the run in the middle of a step, too. */
  get ready(): Promise<void> | undefined {
    return this.#relay?.ready;
  }

  get #dir(): string | undefined {
    return this.#plan.options.checkpoint?.dir;
  }

  /** What is to be known where an earlier run of the program was stopped. */
  earlier(): string | undefined {
    const [before, dir] = [unfinished, this.#dir];
    return before === undefined || (dir !== undefined && dir === before.dir)
      ? undefined
      : afterStopText(before.signal, dir);
  }

  /**
   * The end of the loop: after a signal, sets the exit status and tells how to go on.
   *
   * @param path the newest checkpoint
   */
  end(steps: number, path: string | undefined): void {
    const { received: signal, status } = this.#signals ?? {};
    const { options, totalSteps } = this.#plan;
    const dir = this.#dir;
    if (steps === totalSteps && dir !== undefined && dir === unfinished?.dir) unfinished = undefined;
    if (signal === undefined || status === undefined) return;
    process.exitCode = status;
    if (steps < totalSteps) unfinished = { signal, dir };
    this.#answer(stoppedText({ signal, status, steps, totalSteps, path, resume: options.checkpoint?.resume }));
  }

  /** Gives the signals back. */
  dispose(): void {
    this.#signals?.dispose();
    this.#relay?.dispose();
  }

  /** Answers a signal; somebody waits for it also where progress is not shown. */
  #answer(text: string): void {
    if (this.#progress instanceof SilentProgress) process.stderr.write(`${text}\n`);
    else this.#progress.note(text);
  }
}
