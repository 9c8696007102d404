import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { chooseDevice, engineThreads, keyArray } from '@selfsup/ssl-tensor';
import { DataError, foldIn, randomKey } from '@selfsup/ssl-tensor/host';
import type { DamagedCheckpoint } from '../checkpoint/newest-whole-checkpoint.js';
import { environmentChanges, type RunEnvironment, runEnvironment } from '../checkpoint/run-environment.js';
import type { RunRecord } from '../checkpoint/run-record.js';
import { JsonlLog } from '../observers/logging/jsonl-log.js';
import { chooseProgress } from '../observers/progress/choose-progress.js';
import type { ProgressReporter } from '../observers/progress/progress-reporter.js';
import { addNote } from './add-note.js';
import { batchesOf } from './batches-of.js';
import { checkMetrics } from './check-metrics.js';
import { checkRates } from './check-rates.js';
import { epochOf } from './epoch-of.js';
import { initialise } from './initialise.js';
import type { Evaluation, HistoryEntry } from './history.js';
import { nonFiniteLoss } from '../step/non-finite-loss-error.js';
import type { RestoredRun } from '../checkpoint/restore-run.js';
import { RunCheckpoints, type RunState } from '../checkpoint/run-checkpoints.js';
import { RunClock } from './run-clock.js';
import { computeOptions, type RunPlan } from './run-plan.js';
import { RunDisplay } from '../observers/run-display.js';
import { RunStop } from './run-stop.js';
import { scheduledValue } from '../step/scheduled-value.js';
import { sampleCount } from '../step/sample-count.js';
import type { CallbackMetrics, TrainerCallbacks, TrainerResult } from '../observers/trainer-callbacks.js';
import { trainerDefaults } from './trainer-options.js';
import { disposeOutput, readOutputs } from '../step/read-outputs.js';
import { type StepOutput, TrainingStep } from '../step/training-step.js';

/** One call of `fit`: the loop and its state. */
export class TrainingRun<B> {
  readonly #plan: RunPlan<B>;
  readonly #progress: ProgressReporter;
  readonly #notes: string[] = [];
  #clock = new RunClock();
  #log: JsonlLog | undefined;
  #checkpoints: RunCheckpoints<B> | undefined;
  readonly #display: RunDisplay;
  readonly #stop: RunStop;
  /** Loss of the last step. */
  #loss: number | undefined;
  /** The checkpoint that the run goes on from. */
  #from: string | undefined;
  #environment: RunEnvironment | undefined;
  /** Finished updates. */
  #step = 0;
  /** What is still to be told of the last step. */
  #pending: RunRecord['pending'];
  #damaged: readonly DamagedCheckpoint[] = [];
  #history: HistoryEntry[] = [];
  #evaluations: Evaluation[] = [];

  constructor(plan: RunPlan<B>) {
    this.#plan = plan;
    this.#progress = chooseProgress(plan.options.progress ?? trainerDefaults.progress);
    this.#display = new RunDisplay(this.#progress, plan, (text) => this.#addNote(text));
    this.#stop = new RunStop(plan, this.#progress);
  }

  async run(): Promise<TrainerResult> {
    const { options } = this.#plan;
    let step: TrainingStep<B> | undefined;
    let failed: { readonly error: unknown } | undefined;
    try {
      this.#checkpoints = await RunCheckpoints.open(this.#plan, (text) => this.#progress.note(text));
      const compute = await this.#restore();
      await this.#stop.ready;
      step = new TrainingStep({
        ...options,
        compile: { ...options.compile, ...compute, ...this.#display.compileHooks(options.compile) },
        onNewShapes: (batch) => this.#display.compiling(sampleCount(batch)),
        accumulateSteps: this.#plan.accumulateSteps,
        ema: this.#plan.ema,
      });
      return await this.#train(step);
    } catch (error) {
      failed = { error };
      if (this.#environment !== undefined) await this.#rescue(error, this.#environment);
      this.#logFailure(error);
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
    const startStep = this.#step;
    this.#log?.write({
      type: 'start',
      step: startStep,
      totalSteps,
      stepsPerEpoch,
      config,
      environment: this.#environment,
    });
    for (const text of this.#notes) this.#tellNote(text);
    await this.#tell((callbacks) =>
      callbacks.onStart?.({ method: options.method.name, seed: options.seed, startStep, totalSteps, stepsPerEpoch }),
    );
    this.#display.start(options.method.name, startStep, this.#from);
    await this.#finishPending();
    while (this.#step < totalSteps && !this.#stop.isAsked) await this.#epoch(step);
    await this.#save();
    this.#progress.stop();
    this.#stop.end(this.#step, this.#checkpoints?.path);
    const result = this.#result();
    await this.#tell((callbacks) => callbacks.onEnd?.(result));
    this.#log?.write({
      type: 'end',
      step: this.#step,
      interrupted: result.interrupted,
      seconds: result.seconds,
      trainingSeconds: result.trainingSeconds,
    });
    return result;
  }

  /** Epoch of the last finished step, counted from 1. */
  get #epochNumber(): number {
    return epochOf(this.#step, this.#plan.stepsPerEpoch);
  }

  /** Takes over what a checkpoint has, opens the log, and returns what the step computes with. */
  async #restore(): Promise<{ readonly threads: number; readonly deterministic?: boolean }> {
    const { options } = this.#plan;
    const restored = await this.#checkpoints!.restore();
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
    const told = this.#pending === 'step' ? this.#step - 1 : this.#step;
    if (options.logFile !== undefined && told > 0 && !existsSync(options.logFile))
      this.#notes.push(`${options.logFile}: there is no log of the steps before; it begins after step ${told}`);
    if (options.logFile !== undefined)
      this.#log = await JsonlLog.open(options.logFile, told, () =>
        this.#progress.note(`${options.logFile}: waiting up to 30 s to see whether the run that holds it still lives`),
      );
    return { ...asked, threads };
  }

  #takeOver({ record, history, damaged, path }: RestoredRun, environment: RunEnvironment): void {
    this.#step = record.step;
    this.#pending = record.pending;
    this.#history = [...history];
    this.#evaluations = [...record.evaluations];
    this.#clock = new RunClock(record);
    this.#damaged = damaged;
    this.#from = path;
    for (const item of damaged)
      this.#notes.push(
        `the checkpoint of step ${item.step} is damaged (${item.reason}) and now lies at ${item.path}; the run continues from ${path}`,
      );
    if (environment.threads === record.environment?.threads && environment.threads > engineThreads())
      this.#notes.push(
        `the run goes on with ${environment.threads} threads, as before, and may use ${engineThreads()} cores; threads: ${engineThreads()} is faster and differs in the last digits`,
      );
    const changes = record.environment === undefined ? [] : environmentChanges(record.environment, environment);
    if (changes.length > 0)
      this.#notes.push(
        `the run computes with something else than before, so its last digits may differ from those of an unbroken one: ${changes.join('; ')}`,
      );
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
        outputs.push(await step.run(batch, outputs.length, this.#scalars(outputs.length)));
        compiled ||= step.kinds > kinds;
        if (outputs.length < accumulateSteps) continue;
        this.#step++;
        this.#pending = 'step';
        const seconds = this.#clock.read().trainingSeconds - since;
        this.#display.speed.add(samples, seconds, compiled);
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

  async #finishEpoch(): Promise<void> {
    this.#pending = 'epoch';
    const before = this.#secondsBeside;
    this.#display.evaluating(this.#epochNumber);
    await this.#evaluate('epoch', (callbacks) =>
      callbacks.onEpochEnd?.({ epoch: this.#epochNumber, step: this.#step }),
    );
    this.#pending = undefined;
    if (this.#checkpointDue) await this.#save();
    this.#display.left.addBesideEpoch(this.#secondsBeside - before);
  }

  /** Catches up on what an error kept the run from telling of its last step. */
  async #finishPending(): Promise<void> {
    const last = this.#history.at(-1);
    if (this.#pending === 'step') await this.#report(last?.step === this.#step ? last : undefined, false);
    if (this.#pending === 'epoch') await this.#finishEpoch();
  }

  #scalars(part: number): { learningRate: number; emaMomentum: number; key: ReturnType<typeof keyArray> } {
    const { options, schedules, accumulateSteps } = this.#plan;
    const key = foldIn(randomKey(options.seed), this.#step);
    const { learningRate, emaMomentum } = schedules;
    return {
      learningRate: scheduledValue('schedule', learningRate!, this.#step),
      emaMomentum: emaMomentum === undefined ? 0 : scheduledValue('ema.momentum', emaMomentum, this.#step, 1),
      key: keyArray(accumulateSteps === 1 ? key : foldIn(key, part)),
    };
  }

  async #finishStep(outputs: readonly StepOutput[]): Promise<void> {
    const { logEvery, totalSteps, schedules } = this.#plan;
    const step = this.#step;
    const epoch = this.#epochNumber;
    const learningRate = schedules['learningRate']!(step - 1);
    const logged = step === 1 || step % logEvery === 0 || step === totalSteps;
    let entry: HistoryEntry | undefined;
    const { loss, metrics } = await readOutputs(outputs);
    this.#loss = loss;
    // A broken model is not saved.
    if (logged || this.#checkpointDue || this.#stop.isAsked) {
      if (!Number.isFinite(loss)) {
        outputs.forEach(disposeOutput);
        throw nonFiniteLoss({ step, learningRate, loss }, this.#history.at(-1)?.step ?? 0);
      }
      entry = { step, epoch, loss, learningRate, metrics };
    }
    outputs.forEach(disposeOutput);
    if (logged && entry !== undefined) this.#history.push(entry);
    this.#display.step(step, epoch, this.#loss, this.#clock.read().seconds);
    const before = this.#secondsBeside;
    await this.#report(logged ? entry : undefined, true);
    this.#display.left.addBesideStep(this.#secondsBeside - before);
  }

  /** Log line and callbacks of the last step, and its checkpoint. */
  async #report(entry: HistoryEntry | undefined, timed: boolean): Promise<void> {
    const { stepsPerEpoch, schedules } = this.#plan;
    const step = this.#step;
    if (entry !== undefined)
      this.#log?.write({
        type: 'step',
        ...entry,
        ...(timed ? { samplesPerSecond: this.#display.speed.samplesPerSecond } : {}),
        seconds: this.#clock.read().seconds,
      });
    const learningRate = schedules['learningRate']!(step - 1);
    await this.#evaluate('step', (callbacks) =>
      callbacks.onStep?.({
        step,
        epoch: this.#epochNumber,
        learningRate,
        ...(entry === undefined ? {} : { entry }),
      }),
    );
    this.#pending = step % stepsPerEpoch === 0 ? 'epoch' : undefined;
    if (this.#pending === undefined && this.#checkpointDue) await this.#save();
  }

  get #checkpointDue(): boolean {
    const { checkpoint } = this.#plan.options;
    if (checkpoint === undefined) return false;
    return this.#step % (checkpoint.everySteps ?? this.#plan.stepsPerEpoch) === 0;
  }

  #state(environment: RunEnvironment): RunState {
    return {
      step: this.#step,
      times: this.#clock.read(),
      history: this.#history,
      evaluations: this.#evaluations,
      environment,
      pending: this.#pending,
    };
  }

  /** Writes a checkpoint, unless there is one of this step. */
  async #save(): Promise<void> {
    const step = this.#step;
    const path = await this.#clock.outside(async () => this.#checkpoints?.save(this.#state(this.#environment!)));
    if (path !== undefined) await this.#tell((callbacks) => callbacks.onCheckpoint?.({ path, step }));
  }

  /** Calls a hook of every callback; its time is not training time. */
  async #tell(hook: (callbacks: TrainerCallbacks) => void | Promise<void>): Promise<void> {
    for (const callbacks of this.#plan.callbacks) await this.#clock.outside(() => hook(callbacks));
  }

  /** As `#tell`, keeping the numbers that callbacks return: of all or, when one fails, of none. */
  async #evaluate(
    after: 'step' | 'epoch',
    hook: (callbacks: TrainerCallbacks) => CallbackMetrics | Promise<CallbackMetrics>,
  ): Promise<void> {
    const found: Evaluation[] = [];
    for (const callbacks of this.#plan.callbacks) {
      const metrics = await this.#clock.outside(() => hook(callbacks));
      if (metrics !== undefined)
        found.push({ step: this.#step, epoch: this.#epochNumber, metrics: checkMetrics(metrics) });
    }
    for (const evaluation of found) this.#log?.write({ type: 'evaluation', ...evaluation });
    this.#evaluations.push(...found);
    this.#display.found(found, after);
  }

  /** As `#tellNote`, and keeps it for the result. */
  #addNote(text: string): void {
    this.#notes.push(text);
    this.#tellNote(text);
  }

  /** Time of this call so far that was no training. */
  get #secondsBeside(): number {
    const { seconds, trainingSeconds } = this.#clock.read();
    return seconds - trainingSeconds;
  }

  /** Tells the user something that is no error, on the screen and in the log. */
  #tellNote(text: string): void {
    this.#progress.note(text);
    this.#log?.write({ type: 'note', step: this.#step, text });
  }

  /** Saves what an error would lose; an error of a callback that is told of it must not hide the first one. */
  async #rescue(error: unknown, environment: RunEnvironment): Promise<void> {
    const path = await this.#checkpoints?.rescue(error, this.#state(environment));
    if (path === undefined) return;
    try {
      await this.#tell((callbacks) => callbacks.onCheckpoint?.({ path, step: this.#step }));
    } catch (cause) {
      addNote(error, `Also: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }

  /** The log's last word, where there still is one to be had. */
  #logFailure(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    try {
      this.#log?.write({ type: 'error', step: this.#step, text });
    } catch {
      // The log is what failed.
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
    return {
      steps: this.#step,
      ...this.#clock.read(),
      history: this.#history,
      evaluations: this.#evaluations,
      interrupted: this.#step < this.#plan.totalSteps,
      damaged: this.#damaged,
      notes: this.#notes,
      ...(checkpoint === undefined ? {} : { checkpoint }),
    };
  }
}
