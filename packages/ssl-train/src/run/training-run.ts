import { setImmediate as nextTurn } from 'node:timers/promises';
import { keyArray } from '@selfsup/ssl-tensor';
import { DataError, foldIn, randomKey } from '@selfsup/ssl-tensor/host';
import { RunCheckpoints } from '../checkpoint/run-checkpoints.js';
import { saveRegularly } from '../checkpoint/save-regularly.js';
import { RunLog } from '../observers/logging/run-log.js';
import { chooseProgress } from '../observers/progress/choose-progress.js';
import type { ProgressReporter } from '../observers/progress/progress-reporter.js';
import { RunDisplay } from '../observers/run-display.js';
import type { RunInfo, TrainerObserver, TrainerResult } from '../observers/trainer-observer.js';
import type { Method } from '../step/method.js';
import { disposeOutput } from '../step/read-outputs.js';
import { sampleCount } from '../step/sample-count.js';
import { type StepNumbers, type StepOutput, TrainingStep } from '../step/training-step.js';
import { addNote } from './add-note.js';
import { batchesOf } from './batches-of.js';
import { beginRun } from './begin-run.js';
import { RunObservers } from './run-observers.js';
import type { RunPlan } from './run-plan.js';
import { RunState } from './run-state.js';
import { RunStop } from './run-stop.js';
import { StepReports } from './step-reports.js';
import { trainerDefaults } from './trainer-options.js';

/** One call of `fit`: the loop. */
export class TrainingRun<B> {
  readonly #plan: RunPlan<B>;
  readonly #state: RunState;
  readonly #progress: ProgressReporter;
  readonly #display: RunDisplay;
  readonly #log: RunLog | undefined;
  readonly #stop: RunStop;
  readonly #observers: RunObservers;
  #checkpoints: RunCheckpoints<B> | undefined;
  #reports: StepReports<B> | undefined;

  constructor(plan: RunPlan<B>) {
    this.#plan = plan;
    const { logFile, checkpoint, progress = trainerDefaults.progress } = plan.options;
    this.#state = new RunState(plan);
    this.#progress = chooseProgress(progress);
    this.#display = new RunDisplay(this.#progress, plan, (text) => this.#observers.note(text));
    if (logFile !== undefined) this.#log = new RunLog({ path: logFile, onWait: () => this.#tellWait(logFile) });
    this.#stop = new RunStop(plan, this.#progress);
    const observers: readonly TrainerObserver[] = [
      this.#display,
      ...(this.#log === undefined ? [] : [this.#log]),
      ...plan.observers,
      ...(checkpoint === undefined ? [] : [saveRegularly(checkpoint.everySteps ?? plan.stepsPerEpoch)]),
    ];
    this.#observers = new RunObservers(observers, this.#state, {
      stop: (reason) => this.#stop.ask(reason),
      save: () => this.#reports?.askToSave(),
    });
  }

  async run(): Promise<TrainerResult> {
    const { options } = this.#plan;
    let step: TrainingStep<B> | undefined;
    let failed: { readonly error: unknown } | undefined;
    try {
      const checkpoints = await RunCheckpoints.open(this.#plan, () => this.#tellWait(options.checkpoint!.dir));
      this.#checkpoints = checkpoints;
      const run = { plan: this.#plan, state: this.#state, checkpoints, observers: this.#observers };
      const { info, compute } = await beginRun({ ...run, log: this.#log, stop: this.#stop });
      await this.#stop.ready;
      step = new TrainingStep({
        ...this.#plan,
        ...options,
        compile: { ...options.compile, ...compute, ...this.#display.compileHooks(options.compile) },
        onNewKind: (batch) => this.#display.compiling(sampleCount(batch)),
        accumulateSteps: this.#plan.accumulateSteps,
        ema: this.#plan.ema,
      });
      this.#reports = new StepReports({ ...run, display: this.#display });
      return await this.#train(step, this.#reports, info);
    } catch (error) {
      failed = { error };
      if (this.#state.environment !== undefined) await this.#rescue(error);
      await this.#observers.fail(error);
      throw error;
    } finally {
      this.#progress.stop();
      this.#stop.dispose();
      step?.dispose();
      await this.#close(failed);
    }
  }

  async #train(step: TrainingStep<B>, reports: StepReports<B>, info: RunInfo): Promise<TrainerResult> {
    await this.#observers.begin(info);
    await reports.pending();
    while (this.#state.step < this.#plan.totalSteps && !this.#stop.isAsked) await this.#epoch(step, reports);
    await reports.settle();
    // What the last observer did to it is seen here.
    await reports.save();
    await reports.settle();
    this.#progress.stop();
    const path = this.#checkpoints?.path;
    this.#stop.end(this.#state.step, path);
    const result = this.#state.result(this.#stop.reason, path);
    await this.#observers.tell((observer) => observer.onEnd?.(result));
    return result;
  }

  /** The rest of the epoch that the run is in. */
  async #epoch(step: TrainingStep<B>, reports: StepReports<B>): Promise<void> {
    const { options, accumulateSteps, stepsPerEpoch, totalSteps } = this.#plan;
    const state = this.#state;
    const epoch = Math.floor(state.step / stepsPerEpoch);
    const end = Math.min((epoch + 1) * stepsPerEpoch, totalSteps);
    const outputs: StepOutput[] = [];
    let samples = 0;
    let compiled = false;
    let since = state.clock.read().trainingSeconds;
    try {
      const from = (state.step % stepsPerEpoch) * accumulateSteps;
      for await (const batch of this.#display.waiting.timed(batchesOf(options.loader, epoch, from))) {
        // What has not begun is left to the next run.
        if (this.#stop.isAsked && outputs.length === 0) break;
        samples += sampleCount(batch);
        const { kinds } = step;
        const numbers = this.#numbers(outputs.length);
        await this.#observers.batch(() => ({
          ...numbers,
          step: state.step + 1,
          part: outputs.length,
          batch,
          method: options.method as Method<unknown, string>,
          modules: this.#plan.modules,
        }));
        outputs.push(await step.run(batch, outputs.length, numbers));
        compiled ||= step.kinds > kinds;
        if (outputs.length < accumulateSteps) continue;
        state.step++;
        state.pending = 'step';
        this.#display.stepped(state.step, { samples, seconds: state.clock.read().trainingSeconds - since, compiled });
        await reports.step(outputs.splice(0));
        // Signals and timers get their turn between steps, also where nothing else waits.
        await nextTurn();
        if (state.step >= end || this.#stop.isAsked) break;
        samples = 0;
        compiled = false;
        since = state.clock.read().trainingSeconds;
      }
    } finally {
      outputs.forEach(disposeOutput);
    }
    if (state.step < end && !this.#stop.isAsked) {
      throw new DataError(
        `the loader ended epoch ${epoch + 1} after ${state.step % stepsPerEpoch} of ${stepsPerEpoch} steps. Its batchesPerEpoch (${options.loader.batchesPerEpoch}) must be what epoch() yields`,
      );
    }
    if (state.pending === 'epoch') await reports.epoch();
  }

  /** What the host decides for the next batch. */
  #numbers(part: number): StepNumbers {
    const { options, accumulateSteps, numbersAt } = this.#plan;
    const key = foldIn(randomKey(options.seed), this.#state.step);
    return { ...numbersAt(this.#state.step), key: keyArray(accumulateSteps === 1 ? key : foldIn(key, part)) };
  }

  #tellWait(path: string): void {
    this.#progress.note(`${path}: waiting up to 30 s to see whether the run that holds it still lives`);
  }

  /** Saves what an error would lose; an error of an observer that is told of it must not hide the first one. */
  async #rescue(error: unknown): Promise<void> {
    const { step } = this.#state;
    try {
      const path = await this.#checkpoints?.rescue(error, () => this.#state.taken(this.#observers.saved()));
      if (path !== undefined) await this.#observers.tell((observer) => observer.onCheckpoint?.({ path, step }));
    } catch (cause) {
      addNote(error, `Also: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }

  /** Gives back log and directory; an error of its own must not hide the first one. */
  async #close(failed: { readonly error: unknown } | undefined): Promise<void> {
    for (const part of [this.#log, this.#checkpoints]) {
      try {
        await part?.close();
      } catch (error) {
        if (failed === undefined) throw error;
        addNote(failed.error, `Also: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
