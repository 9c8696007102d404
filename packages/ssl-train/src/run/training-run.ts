import { setImmediate as nextTurn } from 'node:timers/promises';
import { chooseDevice, engineThreads, keyArray } from '@selfsup/ssl-tensor';
import { DataError, foldIn, randomKey } from '@selfsup/ssl-tensor/host';
import type { RestoredRun } from '../checkpoint/restore-run.js';
import { RunCheckpoints, type RunState } from '../checkpoint/run-checkpoints.js';
import { type RunEnvironment, runEnvironment } from '../checkpoint/run-environment.js';
import type { RunRecord } from '../checkpoint/run-record.js';
import { RunLog } from '../observers/logging/run-log.js';
import { chooseProgress } from '../observers/progress/choose-progress.js';
import type { ProgressReporter } from '../observers/progress/progress-reporter.js';
import { RunDisplay } from '../observers/run-display.js';
import type { ObserverMetrics, RunControl, TrainerObserver, TrainerResult } from '../observers/trainer-observer.js';
import { nonFiniteLoss } from '../step/non-finite-loss-error.js';
import { disposeOutput, readOutputs } from '../step/read-outputs.js';
import { sampleCount } from '../step/sample-count.js';
import { type StepNumbers, type StepOutput, TrainingStep } from '../step/training-step.js';
import { addNote } from './add-note.js';
import { batchesOf } from './batches-of.js';
import { checkRates } from './check-rates.js';
import { epochOf } from './epoch-of.js';
import type { Evaluation, HistoryEntry } from './history.js';
import { initialise } from './initialise.js';
import { restoredNotes } from './restored-notes.js';
import { RunClock } from './run-clock.js';
import { RunObservers } from './run-observers.js';
import { computeOptions, type RunPlan } from './run-plan.js';
import { RunStop } from './run-stop.js';
import { trainerDefaults } from './trainer-options.js';

/** One call of `fit`: the loop and its state. */
export class TrainingRun<B> {
  readonly #plan: RunPlan<B>;
  readonly #progress: ProgressReporter;
  readonly #display: RunDisplay;
  readonly #log: RunLog | undefined;
  readonly #observers: RunObservers;
  readonly #stop: RunStop;
  readonly #notes: string[] = [];
  #clock = new RunClock();
  #checkpoints: RunCheckpoints<B> | undefined;
  #restored: RestoredRun | undefined;
  #environment: RunEnvironment | undefined;
  /** Finished updates. */
  #step = 0;
  /** Loss of the last one. */
  #loss = NaN;
  #skipped = 0;
  /** What is still to be told of the last step. */
  #pending: RunRecord['pending'];
  /** All observers know of the run. */
  #hasBegun = false;
  /** An observer wants the step saved. */
  #saveAsked = false;
  #history: HistoryEntry[] = [];
  #evaluations: Evaluation[] = [];

  constructor(plan: RunPlan<B>) {
    this.#plan = plan;
    const { options } = plan;
    this.#progress = chooseProgress(options.progress ?? trainerDefaults.progress);
    const control: RunControl = {
      stop: (reason) => this.#stop.ask(reason),
      save: () => {
        this.#saveAsked = true;
      },
      note: (text) => this.#note(text),
    };
    this.#display = new RunDisplay(this.#progress, plan, (text) => this.#note(text));
    if (options.logFile !== undefined)
      this.#log = new RunLog({ path: options.logFile, onWait: () => this.#tellWait(options.logFile!) });
    const own: TrainerObserver[] = this.#log === undefined ? [this.#display] : [this.#display, this.#log];
    this.#observers = new RunObservers([...own, ...plan.observers], () => this.#clock, control);
    this.#stop = new RunStop(plan, this.#progress);
  }

  async run(): Promise<TrainerResult> {
    const { options } = this.#plan;
    let step: TrainingStep<B> | undefined;
    let failed: { readonly error: unknown } | undefined;
    try {
      this.#checkpoints = await RunCheckpoints.open(this.#plan, () => this.#tellWait(options.checkpoint!.dir));
      const compute = await this.#restore();
      await this.#stop.ready;
      step = new TrainingStep({
        ...this.#plan,
        ...options,
        compile: { ...options.compile, ...compute, ...this.#display.compileHooks(options.compile) },
        onNewKind: (batch) => this.#display.compiling(sampleCount(batch)),
        accumulateSteps: this.#plan.accumulateSteps,
        ema: this.#plan.ema,
      });
      return await this.#train(step);
    } catch (error) {
      failed = { error };
      if (this.#environment !== undefined) await this.#rescue(error, this.#environment);
      await this.#observers.fail(error, this.#step);
      throw error;
    } finally {
      this.#progress.stop();
      this.#stop.dispose();
      step?.dispose();
      await this.#close(failed);
    }
  }

  async #train(step: TrainingStep<B>): Promise<TrainerResult> {
    const { options, totalSteps, stepsPerEpoch, config } = this.#plan;
    const info = {
      method: options.method.name,
      seed: options.seed,
      startStep: this.#step,
      totalSteps,
      stepsPerEpoch,
      config,
      environment: this.#environment!,
      ...(this.#restored === undefined ? {} : { from: this.#restored.path }),
      history: [...this.#history],
      evaluations: [...this.#evaluations],
    };
    // What is said before all observers have begun is told when they have.
    await this.#observers.tell((observer, run) => observer.onStart?.(info, run));
    this.#hasBegun = true;
    for (const text of this.#notes.splice(0)) this.#note(text);
    await this.#finishPending();
    while (this.#step < totalSteps && !this.#stop.isAsked) await this.#epoch(step);
    await this.#settle();
    // What the last observer did to it is seen here.
    await this.#save();
    await this.#settle();
    this.#progress.stop();
    this.#stop.end(this.#step, this.#checkpoints?.path);
    const result = this.#result();
    await this.#observers.tell((observer) => observer.onEnd?.(result));
    return result;
  }

  /** Epoch of the last finished step, counted from 1. */
  get #epochNumber(): number {
    return epochOf(this.#step, this.#plan.stepsPerEpoch);
  }

  /** Takes over what a checkpoint has, opens the log, and returns what the step computes with. */
  async #restore(): Promise<{ readonly threads: number; readonly deterministic?: boolean }> {
    const { options } = this.#plan;
    const restored = (this.#restored = await this.#checkpoints!.restore());
    const asked = computeOptions(options);
    const before = restored?.record.environment;
    const threads = engineThreads({
      ...(before === undefined || asked.deterministic === true ? {} : { threads: before.threads }),
      ...asked,
    });
    this.#environment = runEnvironment(chooseDevice(options.compile?.device).device, threads);
    if (restored !== undefined) this.#takeOver(restored, this.#environment);
    else if (options.initFrom !== undefined) this.#notes.push(await initialise(options.initFrom, this.#plan));
    this.#notes.push(...checkRates(this.#plan, this.#step));
    const earlier = this.#stop.earlier();
    if (earlier !== undefined) this.#notes.push(earlier);
    // A step that was not told of to the end is told of again.
    const missing = await this.#log?.open(this.#pending === 'step' ? this.#step - 1 : this.#step);
    if (missing !== undefined) this.#notes.push(missing);
    return { ...asked, threads };
  }

  #takeOver(restored: RestoredRun, environment: RunEnvironment): void {
    const { record, history, path } = restored;
    this.#step = record.step;
    this.#skipped = record.skipped ?? 0;
    this.#pending = record.pending;
    this.#history = [...history];
    this.#evaluations = [...record.evaluations];
    this.#clock = new RunClock(record);
    this.#observers.restore(record.observers ?? {}, path);
    this.#notes.push(...restoredNotes(restored, environment));
  }

  /** The rest of the epoch that the run is in. */
  async #epoch(step: TrainingStep<B>): Promise<void> {
    const { options, accumulateSteps, stepsPerEpoch, totalSteps } = this.#plan;
    const epoch = Math.floor(this.#step / stepsPerEpoch);
    const end = Math.min((epoch + 1) * stepsPerEpoch, totalSteps);
    const outputs: StepOutput[] = [];
    let samples = 0;
    let compiled = false;
    let since = this.#clock.read().trainingSeconds;
    try {
      const from = (this.#step % stepsPerEpoch) * accumulateSteps;
      for await (const batch of batchesOf(options.loader, epoch, from)) {
        // What has not begun is left to the next run.
        if (this.#stop.isAsked && outputs.length === 0) break;
        samples += sampleCount(batch);
        const { kinds } = step;
        outputs.push(await step.run(batch, outputs.length, this.#numbers(outputs.length)));
        compiled ||= step.kinds > kinds;
        if (outputs.length < accumulateSteps) continue;
        this.#step++;
        this.#pending = 'step';
        this.#display.speed.add(samples, this.#clock.read().trainingSeconds - since, compiled);
        await this.#finishStep(outputs.splice(0));
        // Signals and timers get their turn between steps, also where nothing else waits.
        await nextTurn();
        if (this.#step >= end || this.#stop.isAsked) break;
        samples = 0;
        compiled = false;
        since = this.#clock.read().trainingSeconds;
      }
    } finally {
      outputs.forEach(disposeOutput);
    }
    if (this.#step < end && !this.#stop.isAsked) {
      throw new DataError(
        `the loader ended epoch ${epoch + 1} after ${this.#step % stepsPerEpoch} of ${stepsPerEpoch} steps. Its batchesPerEpoch (${options.loader.batchesPerEpoch}) must be what epoch() yields`,
      );
    }
    if (this.#pending === 'epoch') await this.#finishEpoch();
  }

  /** What the host decides for the next batch. */
  #numbers(part: number): StepNumbers {
    const { options, accumulateSteps } = this.#plan;
    const key = foldIn(randomKey(options.seed), this.#step);
    return { ...this.#plan.numbersAt(this.#step), key: keyArray(accumulateSteps === 1 ? key : foldIn(key, part)) };
  }

  async #finishStep(outputs: readonly StepOutput[]): Promise<void> {
    const { logEvery, totalSteps, schedules } = this.#plan;
    const step = this.#step;
    const learningRate = schedules['learningRate']!(step - 1);
    const logged = step === 1 || step % logEvery === 0 || step === totalSteps;
    const { loss, metrics, skipped } = await readOutputs(outputs);
    outputs.forEach(disposeOutput);
    this.#loss = loss;
    this.#skipped += skipped;
    // At once: a broken model is not saved, whoever asks for it.
    if (!Number.isFinite(loss)) throw nonFiniteLoss({ step, learningRate, loss });
    if (logged) this.#history.push({ step, epoch: this.#epochNumber, loss, learningRate, metrics });
    const before = this.#secondsBeside;
    await this.#settle();
    await this.#report(true);
    this.#display.left.addBesideStep(this.#secondsBeside - before);
  }

  /** Tells of the last step, and writes its checkpoint. */
  async #report(isNew: boolean): Promise<void> {
    const { stepsPerEpoch, schedules } = this.#plan;
    const step = this.#step;
    const entry = this.#history.at(-1);
    const event = {
      step,
      epoch: this.#epochNumber,
      loss: this.#loss,
      learningRate: schedules['learningRate']!(step - 1),
      ...(entry?.step === step ? { entry } : {}),
      ...(isNew ? { samplesPerSecond: this.#display.speed.samplesPerSecond } : {}),
      seconds: this.#clock.read().seconds,
    };
    await this.#evaluate('step', (observer, run) => observer.onStep?.(event, run));
    this.#pending = step % stepsPerEpoch === 0 ? 'epoch' : undefined;
    if (this.#pending === undefined && this.#checkpointDue) await this.#save();
  }

  async #finishEpoch(): Promise<void> {
    this.#pending = 'epoch';
    const before = this.#secondsBeside;
    const event = { epoch: this.#epochNumber, step: this.#step };
    this.#display.evaluating(event.epoch);
    await this.#evaluate('epoch', (observer, run) => observer.onEpochEnd?.(event, run));
    this.#pending = undefined;
    if (this.#checkpointDue) await this.#save();
    this.#display.left.addBesideEpoch(this.#secondsBeside - before);
  }

  /** Catches up on what an error kept the run from telling of its last step. */
  async #finishPending(): Promise<void> {
    this.#loss = this.#history.at(-1)?.loss ?? NaN;
    if (this.#pending === 'step') await this.#report(false);
    if (this.#pending === 'epoch') await this.#finishEpoch();
  }

  /** Asks all observers; what they found is kept and told of. */
  async #evaluate(
    after: 'step' | 'epoch',
    hook: (observer: TrainerObserver, run: RunControl) => ObserverMetrics | Promise<ObserverMetrics>,
  ): Promise<void> {
    for (const found of await this.#observers.ask(hook)) {
      const evaluation = { step: this.#step, epoch: this.#epochNumber, ...found };
      this.#evaluations.push(evaluation);
      await this.#observers.tell((observer, run) => observer.onEvaluation?.({ ...evaluation, after }, run));
    }
    if (after === 'epoch') this.#display.evaluated();
  }

  get #checkpointDue(): boolean {
    const { checkpoint } = this.#plan.options;
    if (checkpoint === undefined) return false;
    return this.#saveAsked || this.#step % (checkpoint.everySteps ?? this.#plan.stepsPerEpoch) === 0;
  }

  #state(environment: RunEnvironment): RunState {
    return {
      step: this.#step,
      skipped: this.#skipped,
      times: this.#clock.read(),
      history: [...this.#history],
      evaluations: [...this.#evaluations],
      environment,
      observers: this.#observers.state(),
      pending: this.#pending,
    };
  }

  /** Takes the state for a checkpoint, unless there is one of this step; it is written during the next step. */
  async #save(): Promise<void> {
    this.#saveAsked = false;
    await this.#clock.outside(async () => this.#checkpoints?.save(() => this.#state(this.#environment!)));
  }

  /** Waits for the checkpoint that is being written, before anything else is told, and tells of it. */
  async #settle(): Promise<void> {
    const written = await this.#clock.outside(async () => this.#checkpoints?.written());
    if (written !== undefined) await this.#observers.tell((observer) => observer.onCheckpoint?.(written));
  }

  /** Tells the user something that is no error, on the screen and in the log, and keeps it for the result. */
  #note(text: string): void {
    this.#notes.push(text);
    if (this.#hasBegun) this.#observers.note(this.#step, text);
  }

  #tellWait(path: string): void {
    this.#progress.note(`${path}: waiting up to 30 s to see whether the run that holds it still lives`);
  }

  /** Time of this call so far that was no training. */
  get #secondsBeside(): number {
    const { seconds, trainingSeconds } = this.#clock.read();
    return seconds - trainingSeconds;
  }

  /** Saves what an error would lose; an error of an observer that is told of it must not hide the first one. */
  async #rescue(error: unknown, environment: RunEnvironment): Promise<void> {
    try {
      const path = await this.#checkpoints?.rescue(error, () => this.#state(environment));
      if (path === undefined) return;
      await this.#observers.tell((observer) => observer.onCheckpoint?.({ path, step: this.#step }));
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

  #result(): TrainerResult {
    const checkpoint = this.#checkpoints?.path;
    const { reason } = this.#stop;
    return {
      steps: this.#step,
      ...this.#clock.read(),
      skipped: this.#skipped,
      history: this.#history,
      evaluations: this.#evaluations,
      interrupted: this.#step < this.#plan.totalSteps,
      damaged: this.#restored?.damaged ?? [],
      notes: this.#notes,
      ...(reason === undefined ? {} : { stopReason: reason }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
    };
  }
}
