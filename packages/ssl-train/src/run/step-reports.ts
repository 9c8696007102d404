import type { RunCheckpoints } from '../checkpoint/run-checkpoints.js';
import type { RunDisplay } from '../observers/run-display.js';
import { nonFiniteLoss } from '../step/non-finite-loss-error.js';
import { disposeOutput, readOutputs } from '../step/read-outputs.js';
import type { StepOutput } from '../step/training-step.js';
import type { RunObservers } from './run-observers.js';
import type { RunPlan } from './run-plan.js';
import type { RunState } from './run-state.js';

/** The parts of a run that learn of its steps. */
export interface ReportedRun<B> {
  readonly plan: RunPlan<B>;
  readonly state: RunState;
  readonly checkpoints: RunCheckpoints<B>;
  readonly observers: RunObservers;
  readonly display: RunDisplay;
}

/** What happens after a step and after an epoch: numbers are read and kept, observers asked, checkpoints written. */
export class StepReports<B> {
  readonly #run: ReportedRun<B>;
  #saveAsked = false;

  constructor(run: ReportedRun<B>) {
    this.#run = run;
  }

  /** Has the state saved once all observers were told of the step. */
  askToSave(): void {
    this.#saveAsked = true;
  }

  /**
   * The end of a step.
   *
   * @param outputs of its batches, which are disposed
   */
  async step(outputs: readonly StepOutput[]): Promise<void> {
    const { state, plan, display } = this.#run;
    const { logEvery, totalSteps, schedules } = plan;
    const { step, epoch } = state;
    const learningRate = schedules['learningRate']!(step - 1);
    const { loss, metrics, skipped } = await readOutputs(outputs);
    outputs.forEach(disposeOutput);
    state.loss = loss;
    state.skipped += skipped;
    // At once: a broken model is not saved, whoever asks for it.
    if (!Number.isFinite(loss)) throw nonFiniteLoss({ step, learningRate, loss });
    if (step === 1 || step % logEvery === 0 || step === totalSteps)
      state.history.push({ step, epoch, loss, learningRate, metrics });
    const before = state.secondsBeside;
    await this.settle();
    await this.#tellStep(true);
    display.left.addBesideStep(state.secondsBeside - before);
  }

  /** The end of an epoch. */
  async epoch(): Promise<void> {
    const { state, observers, display } = this.#run;
    state.pending = 'epoch';
    const before = state.secondsBeside;
    const event = { epoch: state.epoch, step: state.step };
    display.evaluating(event.epoch);
    await observers.ask('epoch', (observer, run) => observer.onEpochEnd?.(event, run));
    display.evaluated();
    state.pending = undefined;
    if (this.#saveAsked) await this.save();
    display.left.addBesideEpoch(state.secondsBeside - before);
  }

  /** Catches up on what an error kept the run from telling of its last step. */
  async pending(): Promise<void> {
    const { state } = this.#run;
    if (state.pending === 'step') await this.#tellStep(false);
    if (state.pending === 'epoch') await this.epoch();
  }

  /** Takes the state for a checkpoint, unless there is one of this step; it is written during the next step. */
  async save(): Promise<void> {
    const { state, checkpoints, observers } = this.#run;
    this.#saveAsked = false;
    await state.clock.outside(() => checkpoints.save(() => state.taken(observers.saved())));
  }

  /** Waits for the checkpoint that is being written, before anything else is told, and tells of it. */
  async settle(): Promise<void> {
    const { state, checkpoints, observers } = this.#run;
    const written = await state.clock.outside(() => checkpoints.written());
    if (written !== undefined) await observers.tell((observer) => observer.onCheckpoint?.(written));
  }

  async #tellStep(isNew: boolean): Promise<void> {
    const { state, plan, observers, display } = this.#run;
    const { step, epoch, loss } = state;
    const entry = state.history.at(-1);
    const event = {
      step,
      epoch,
      loss,
      learningRate: plan.schedules['learningRate']!(step - 1),
      ...(entry?.step === step ? { entry } : {}),
      ...(isNew ? display.speedNow : {}),
      seconds: state.clock.read().seconds,
    };
    if (event.entry !== undefined) display.waiting.logged();
    await observers.ask('step', (observer, run) => observer.onStep?.(event, run));
    state.pending = step % plan.stepsPerEpoch === 0 ? 'epoch' : undefined;
    if (state.pending === undefined && this.#saveAsked) await this.save();
  }
}
