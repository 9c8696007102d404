import { setImmediate as nextTurn } from 'node:timers/promises';
import { keyArray } from 'ssl-tensor';
import { DataError, foldIn, isNdArray, randomKey } from 'ssl-tensor/host';
import { checkpointPath, ensureDirectory, pruneCheckpoints } from '../checkpoint/checkpoint-directory.js';
import { saveCheckpoint } from '../checkpoint/checkpoint-file.js';
import { configHash } from '../checkpoint/run-config.js';
import { sampleSchedules } from '../checkpoint/schedule-samples.js';
import { JsonlLog } from '../logging/jsonl-log.js';
import { chooseProgress } from '../progress/choose-progress.js';
import type { ProgressReporter } from '../progress/progress-reporter.js';
import { epochOf } from './epoch-of.js';
import type { Evaluation, HistoryEntry } from './history.js';
import { nonFiniteLoss } from './non-finite-loss-error.js';
import { restoreRun } from './restore-run.js';
import { RunClock } from './run-clock.js';
import type { RunPlan } from './run-plan.js';
import { Speedometer } from './speedometer.js';
import { StopSignals } from './stop-signals.js';
import type { CallbackMetrics, TrainerCallbacks, TrainerResult } from './trainer-callbacks.js';
import { trainerDefaults } from './trainer-options.js';
import { disposeOutput, readOutputs } from './read-outputs.js';
import { type StepOutput, TrainingStep } from './training-step.js';

/** One call of `fit`: the loop and its state. */
export class TrainingRun<B> {
  readonly #plan: RunPlan<B>;
  readonly #progress: ProgressReporter;
  readonly #speed = new Speedometer();
  #clock = new RunClock();
  #log: JsonlLog | undefined;
  #signals: StopSignals | undefined;
  /** Finished updates. */
  #step = 0;
  #savedStep = -1;
  #checkpoint: string | undefined;
  #history: HistoryEntry[] = [];
  #evaluations: Evaluation[] = [];

  constructor(plan: RunPlan<B>) {
    this.#plan = plan;
    this.#progress = chooseProgress(plan.options.progress ?? trainerDefaults.progress);
  }

  async run(): Promise<TrainerResult> {
    const { options, totalSteps, stepsPerEpoch } = this.#plan;
    await this.#restore();
    const startStep = this.#step;
    const step = new TrainingStep({ ...options, accumulateSteps: this.#plan.accumulateSteps, ema: this.#plan.ema });
    try {
      if (options.handleSignals ?? trainerDefaults.handleSignals)
        this.#signals = new StopSignals((signal) => this.#announceStop(signal));
      if (options.logFile !== undefined) this.#log = await JsonlLog.open(options.logFile, startStep);
      this.#log?.write({ type: 'start', step: startStep, totalSteps, stepsPerEpoch, config: this.#plan.config });
      await this.#tell((callbacks) =>
        callbacks.onStart?.({ method: options.method.name, seed: options.seed, startStep, totalSteps, stepsPerEpoch }),
      );
      this.#progress.start({
        name: options.method.name,
        totalSteps,
        startStep,
        totalEpochs: Math.ceil(totalSteps / stepsPerEpoch),
      });
      while (this.#step < totalSteps && !this.#stopping) await this.#epoch(step);
      await this.#save();
      this.#progress.stop();
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
    } finally {
      this.#progress.stop();
      this.#signals?.dispose();
      this.#log?.close();
      step.dispose();
    }
  }

  get #stopping(): boolean {
    return this.#signals?.received !== undefined || this.#plan.options.signal?.aborted === true;
  }

  /** Epoch of the last finished step, counted from 1. */
  get #epochNumber(): number {
    return epochOf(this.#step, this.#plan.stepsPerEpoch);
  }

  async #restore(): Promise<void> {
    const restored = await restoreRun(this.#plan);
    if (restored === undefined) return;
    this.#step = restored.record.step;
    this.#savedStep = this.#step;
    this.#checkpoint = restored.path;
    this.#history = [...restored.history];
    this.#evaluations = [...restored.record.evaluations];
    this.#clock = new RunClock(restored.record);
  }

  /** The rest of the epoch that the run is in. */
  async #epoch(step: TrainingStep<B>): Promise<void> {
    const { options, accumulateSteps, stepsPerEpoch, totalSteps } = this.#plan;
    const epoch = Math.floor(this.#step / stepsPerEpoch);
    const end = Math.min((epoch + 1) * stepsPerEpoch, totalSteps);
    const outputs: StepOutput[] = [];
    let samples = 0;
    let since = this.#clock.read().trainingSeconds;
    try {
      for await (const batch of options.loader.epoch(epoch, (this.#step % stepsPerEpoch) * accumulateSteps)) {
        samples += sampleCount(batch);
        outputs.push(await step.run(batch, outputs.length, this.#scalars(outputs.length)));
        if (outputs.length < accumulateSteps) continue;
        this.#step++;
        this.#speed.add(samples, this.#clock.read().trainingSeconds - since);
        await this.#finishStep(outputs.splice(0));
        // Signals and timers get their turn between steps, also where nothing else waits.
        await nextTurn();
        if (this.#step >= end || this.#stopping) break;
        samples = 0;
        since = this.#clock.read().trainingSeconds;
      }
    } finally {
      outputs.forEach(disposeOutput);
    }
    if (this.#step < end && !this.#stopping) {
      throw new DataError(
        `the loader ended epoch ${epoch + 1} after ${this.#step % stepsPerEpoch} of ${stepsPerEpoch} steps. Its batchesPerEpoch (${options.loader.batchesPerEpoch}) must be what epoch() yields`,
      );
    }
    if (this.#step % stepsPerEpoch !== 0) return;
    await this.#evaluate((callbacks) => callbacks.onEpochEnd?.({ epoch: this.#epochNumber, step: this.#step }));
    if (this.#checkpointDue) await this.#save();
  }

  #scalars(part: number): { learningRate: number; emaMomentum: number; key: ReturnType<typeof keyArray> } {
    const { options, schedules, accumulateSteps } = this.#plan;
    const key = foldIn(randomKey(options.seed), this.#step);
    return {
      learningRate: schedules['learningRate']!(this.#step),
      emaMomentum: schedules['emaMomentum']?.(this.#step) ?? 0,
      key: keyArray(accumulateSteps === 1 ? key : foldIn(key, part)),
    };
  }

  async #finishStep(outputs: readonly StepOutput[]): Promise<void> {
    const { logEvery, totalSteps, stepsPerEpoch, schedules } = this.#plan;
    const step = this.#step;
    const epoch = this.#epochNumber;
    const learningRate = schedules['learningRate']!(step - 1);
    const logged = step === 1 || step % logEvery === 0 || step === totalSteps;
    let entry: HistoryEntry | undefined;
    // A broken model is not saved.
    if (logged || this.#checkpointDue || this.#stopping) {
      const { loss, metrics } = readOutputs(outputs);
      if (!Number.isFinite(loss)) {
        outputs.forEach(disposeOutput);
        throw nonFiniteLoss({ step, learningRate, loss }, this.#history.at(-1)?.step ?? 0);
      }
      entry = { step, epoch, loss, learningRate, metrics };
    }
    outputs.forEach(disposeOutput);
    if (logged && entry !== undefined) {
      this.#history.push(entry);
      this.#log?.write({
        type: 'step',
        ...entry,
        samplesPerSecond: this.#speed.samplesPerSecond,
        seconds: this.#clock.read().seconds,
      });
    }
    const secondsLeft = (totalSteps - step) * this.#speed.secondsPerStep;
    this.#progress.update({
      step,
      epoch,
      loss: this.#history.at(-1)?.loss,
      samplesPerSecond: this.#speed.samplesPerSecond,
      secondsLeft,
    });
    await this.#evaluate((callbacks) =>
      callbacks.onStep?.({ step, epoch, learningRate, ...(logged && entry !== undefined ? { entry } : {}) }),
    );
    if (step % stepsPerEpoch !== 0 && this.#checkpointDue) await this.#save();
  }

  get #checkpointDue(): boolean {
    const { checkpoint } = this.#plan.options;
    if (checkpoint === undefined) return false;
    return this.#step % (checkpoint.everySteps ?? this.#plan.stepsPerEpoch) === 0;
  }

  /** Writes a checkpoint, unless there is one of this step. */
  async #save(): Promise<void> {
    const { options, modules, config, schedules, accumulateSteps, stepsPerEpoch, keepCheckpoints } = this.#plan;
    if (options.checkpoint === undefined || this.#savedStep === this.#step) return;
    const { dir } = options.checkpoint;
    const step = this.#step;
    const path = checkpointPath(dir, step);
    await this.#clock.outside(async () => {
      await ensureDirectory(dir);
      const record = {
        step,
        epoch: Math.floor(step / stepsPerEpoch),
        batch: (step % stepsPerEpoch) * accumulateSteps,
        seed: options.seed,
        config,
        configHash: configHash(config),
        schedules: sampleSchedules(schedules, step),
        ...this.#clock.read(),
        evaluations: this.#evaluations,
      };
      await saveCheckpoint(path, { modules, optimizer: options.optimizer }, record, this.#history);
      await pruneCheckpoints(dir, keepCheckpoints);
    });
    this.#savedStep = step;
    this.#checkpoint = path;
    await this.#tell((callbacks) => callbacks.onCheckpoint?.({ path, step }));
  }

  /** Calls a hook of every callback; its time is not training time. */
  async #tell(hook: (callbacks: TrainerCallbacks) => void | Promise<void>): Promise<void> {
    for (const callbacks of this.#plan.callbacks) await this.#clock.outside(() => hook(callbacks));
  }

  /** As `#tell`, keeping the numbers that callbacks return. */
  async #evaluate(hook: (callbacks: TrainerCallbacks) => CallbackMetrics | Promise<CallbackMetrics>): Promise<void> {
    for (const callbacks of this.#plan.callbacks) {
      const metrics = await this.#clock.outside(() => hook(callbacks));
      if (metrics === undefined) continue;
      const evaluation = { step: this.#step, epoch: this.#epochNumber, metrics };
      this.#evaluations.push(evaluation);
      this.#log?.write({ type: 'evaluation', ...evaluation });
    }
  }

  #announceStop(signal: NodeJS.Signals): void {
    const { checkpoint } = this.#plan.options;
    this.#progress.stop();
    this.#progress.note(
      `${signal}: finishing the step${checkpoint === undefined ? '' : ' and saving a checkpoint'}; once more quits at once`,
    );
  }

  #result(): TrainerResult {
    return {
      steps: this.#step,
      ...this.#clock.read(),
      history: this.#history,
      evaluations: this.#evaluations,
      interrupted: this.#step < this.#plan.totalSteps,
      ...(this.#checkpoint === undefined ? {} : { checkpoint: this.#checkpoint }),
    };
  }
}

/** Length of the first axis of a batch's first array. */
function sampleCount(batch: unknown): number {
  if (isNdArray(batch)) return batch.shape[0] ?? 0;
  if (typeof batch !== 'object' || batch === null) return 0;
  for (const item of Object.values(batch)) {
    const count = sampleCount(item);
    if (count > 0) return count;
  }
  return 0;
}
