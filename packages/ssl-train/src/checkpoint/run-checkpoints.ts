import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fetched } from '@selfsup/ssl-tensor';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import type { StateDict } from '@selfsup/ssl-nn';
import { checkpointState } from './checkpoint-file.js';
import { CheckpointStore } from './checkpoint-store.js';
import { configHash } from './run-config.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunRecord } from './run-record.js';
import { sampleSchedules } from './schedule-samples.js';
import type { CheckpointEvent } from '../observers/trainer-observer.js';
import { addNote } from '../run/add-note.js';
import type { Evaluation, HistoryEntry } from '../run/history.js';
import { NonFiniteLossError } from '../step/non-finite-loss-error.js';
import { restoreRun, type RestoredRun } from './restore-run.js';
import type { RunTimes } from '../run/run-clock.js';
import type { RunPlan } from '../run/run-plan.js';

/** What a checkpoint keeps of where a run stands, beside tensors. */
export interface SavedState {
  /** Finished updates. */
  readonly step: number;
  /** Updates that gradient stages skipped. */
  readonly skipped: number;
  readonly times: RunTimes;
  readonly history: readonly HistoryEntry[];
  readonly evaluations: readonly Evaluation[];
  readonly environment: RunEnvironment;
  readonly observers: RunRecord['observers'];
  readonly pending: RunRecord['pending'];
}

/** The checkpoints of one run: where it starts from, what it saves, what an error leaves. */
export class RunCheckpoints<B> {
  readonly #plan: RunPlan<B>;
  readonly #store: CheckpointStore | undefined;
  #savedStep = -1;
  #path: string | undefined;
  /** What is being written, settled when it is; never rejected. */
  #writing: Promise<void> | undefined;
  #written: CheckpointEvent | undefined;
  /** An error of writing that nobody was told of. */
  #error: { readonly reason: unknown } | undefined;
  /** A checkpoint could not be written: there is no use in another one. */
  #failed = false;
  /** An error that says already where the state lies. */
  #complete: unknown;

  private constructor(plan: RunPlan<B>, store: CheckpointStore | undefined) {
    this.#plan = plan;
    this.#store = store;
  }

  /**
   * Locks the directory; without one, there is nothing to restore or to save.
   *
   * @param say tells the user something
   */
  static async open<B>(plan: RunPlan<B>, say: (text: string) => void): Promise<RunCheckpoints<B>> {
    const { checkpoint } = plan.options;
    if (checkpoint === undefined) return new RunCheckpoints(plan, undefined);
    const store = await CheckpointStore.open(checkpoint.dir, {
      keep: plan.keepCheckpoints,
      onWait: () => say(`${checkpoint.dir}: waiting up to 30 s to see whether the run that holds it still lives`),
    });
    return new RunCheckpoints(plan, store);
  }

  /** Path of the newest one. */
  get path(): string | undefined {
    return this.#path;
  }

  async restore(): Promise<RestoredRun | undefined> {
    const restored = await restoreRun(this.#plan);
    if (restored === undefined) return undefined;
    this.#savedStep = restored.record.step;
    this.#path = restored.path;
    await this.#store?.noteWhole(restored.path);
    return restored;
  }

  /**
   * Takes a copy of the state, unless there is a checkpoint of this step, and writes it while the run goes on. One is
   * written at a time: the next one waits.
   *
   * @throws CheckpointError when the one before could not be written, as {@link written}
   */
  async save(state: () => SavedState): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    await this.#writing;
    this.#throwError();
    const taken = state();
    if (this.#isSaved(taken.step)) return;
    const tensors = await this.#stateDict();
    this.#writing = this.#saveTaken(store, taken, tensors).then(
      () => (this.#writing = undefined),
      (reason: unknown) => {
        this.#failed = true;
        this.#error = { reason };
        this.#writing = undefined;
      },
    );
  }

  /**
   * Waits for what is being written: the checkpoint since the last call.
   *
   * @throws CheckpointError when one could not be written, and when the directory was removed meanwhile: the state is then
   *   saved in a new one
   */
  async written(): Promise<CheckpointEvent | undefined> {
    await this.#writing;
    this.#throwError();
    const written = this.#written;
    this.#written = undefined;
    return written;
  }

  /**
   * Saves what an error would lose, and adds to the error where the run can continue from. Not after an error of a
   * checkpoint itself, and not a model that is broken.
   *
   * @returns the path of what was saved
   */
  async rescue(error: unknown, take: () => SavedState): Promise<string | undefined> {
    const store = this.#store;
    await this.#writing;
    if (this.#error !== undefined && this.#error.reason !== error) {
      const { reason } = this.#error;
      addNote(error, `Also: ${reason instanceof Error ? reason.message : String(reason)}`);
    }
    // An observer may reject without a reason.
    if (store === undefined || (error !== undefined && error === this.#complete)) return undefined;
    const state = take();
    if (this.#failed || state.step === 0 || this.#isSaved(state.step) || NonFiniteLossError.isInstance(error)) {
      if (this.#path !== undefined && existsSync(this.#path))
        addNote(error, `The newest checkpoint is ${this.#path}; give it as checkpoint.resume to continue from it`);
      return undefined;
    }
    try {
      const tensors = await this.#stateDict();
      const broken = [...tensors].find(([, { data }]) => data instanceof Float32Array && !data.every(Number.isFinite));
      if (broken !== undefined) {
        addNote(
          error,
          `The state of step ${state.step} was not saved: '${broken[0]}' holds values that are not finite${this.#path === undefined ? '' : `. The newest checkpoint is ${this.#path}`}`,
        );
        return undefined;
      }
      const lost = await this.#write(store, state, tensors);
      addNote(
        error,
        `The state of step ${state.step} is saved in ${this.#path}${lost ? ' (the directory had been removed and was made anew)' : ''}; checkpoint.resume: true continues from it`,
      );
      return this.#path;
    } catch (cause) {
      addNote(
        error,
        `The state of step ${state.step} could not be saved: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#store?.close();
  }

  /** Whether the state of a step lies on the disk, and was not removed with its directory. */
  #isSaved(step: number): boolean {
    return this.#savedStep === step && this.#path !== undefined && existsSync(this.#path);
  }

  #throwError(): void {
    if (this.#error === undefined) return;
    const { reason } = this.#error;
    this.#error = undefined;
    throw reason;
  }

  async #saveTaken(store: CheckpointStore, state: SavedState, tensors: StateDict): Promise<void> {
    const lost = await this.#write(store, state, tensors);
    if (lost)
      throw (this.#complete = new CheckpointError(
        `the checkpoint directory was removed while the run went on, with what it held. The state of step ${state.step} is saved in ${basename(this.#path!)} of a new one; pass checkpoint.resume: true to continue from it`,
        { path: store.directory },
      ));
    this.#written = { path: this.#path!, step: state.step };
  }

  async #stateDict(): Promise<StateDict> {
    const { modules, options, state, stageStates } = this.#plan;
    // All variables: the optimiser's own are not listed anywhere else.
    await fetched();
    return checkpointState({ modules, optimizer: options.optimizer, state, stages: stageStates });
  }

  /** @returns whether the directory had been removed */
  async #write(store: CheckpointStore, state: SavedState, tensors: StateDict): Promise<boolean> {
    const { options, config, schedules, accumulateSteps, stepsPerEpoch, totalSteps } = this.#plan;
    const { step, skipped, times, environment, observers, pending } = state;
    const record: RunRecord = {
      step,
      epoch: Math.floor(step / stepsPerEpoch),
      batch: (step % stepsPerEpoch) * accumulateSteps,
      seed: options.seed,
      config,
      configHash: configHash(config),
      schedules: sampleSchedules(schedules, step, totalSteps),
      ...times,
      evaluations: state.evaluations,
      environment,
      ...(skipped === 0 ? {} : { skipped }),
      ...(observers === undefined || Object.keys(observers).length === 0 ? {} : { observers }),
      ...(pending === undefined ? {} : { pending }),
    };
    const { path, directoryLost } = await store.save(tensors, record, state.history);
    this.#savedStep = step;
    this.#path = path;
    return directoryLost;
  }
}
