import type { RestoredRun } from '../checkpoint/restore-run.js';
import type { RunEnvironment } from '../checkpoint/run-environment.js';
import type { RunRecord } from '../checkpoint/run-record.js';
import type { SavedState } from '../checkpoint/run-checkpoints.js';
import type { EvaluationEvent, TrainerResult } from '../observers/trainer-observer.js';
import { epochOf } from './epoch-of.js';
import type { Evaluation, HistoryEntry } from './history.js';
import { RunClock } from './run-clock.js';
import type { RunPlan } from './run-plan.js';

/** Where a run stands: all that a checkpoint keeps of it, but tensors and what observers keep. */
export class RunState {
  clock = new RunClock();
  /** What it computes with, once that is known. */
  environment: RunEnvironment | undefined;
  /** Finished updates. */
  step = 0;
  /** Loss of the last one. */
  loss = NaN;
  /** Updates that gradient stages skipped. */
  skipped = 0;
  /** What is still to be told of the last step. */
  pending: RunRecord['pending'];
  history: HistoryEntry[] = [];
  readonly notes: string[] = [];
  readonly #plan: Pick<RunPlan<unknown>, 'stepsPerEpoch' | 'totalSteps'>;
  #evaluations: Evaluation[] = [];
  #damaged: TrainerResult['damaged'] = [];

  constructor(plan: Pick<RunPlan<unknown>, 'stepsPerEpoch' | 'totalSteps'>) {
    this.#plan = plan;
  }

  /** Epoch of the last finished step, counted from 1. */
  get epoch(): number {
    return epochOf(this.step, this.#plan.stepsPerEpoch);
  }

  /** Time so far that was no training. */
  get secondsBeside(): number {
    const { seconds, trainingSeconds } = this.clock.read();
    return seconds - trainingSeconds;
  }

  /** Goes on where a checkpoint was written. */
  takeOver({ record, history, damaged }: RestoredRun): void {
    this.step = record.step;
    this.skipped = record.skipped ?? 0;
    this.pending = record.pending;
    this.history = [...history];
    this.loss = history.at(-1)?.loss ?? NaN;
    this.#evaluations = [...record.evaluations];
    this.#damaged = damaged;
    this.clock = new RunClock(record);
  }

  /** Keeps what an observer found at the last step. */
  addEvaluation(found: Pick<Evaluation, 'metrics' | 'observer'>, after: EvaluationEvent['after']): EvaluationEvent {
    const evaluation = { step: this.step, epoch: this.epoch, ...found };
    this.#evaluations.push(evaluation);
    return { ...evaluation, after };
  }

  /** A copy for a checkpoint. */
  taken(observers: SavedState['observers']): SavedState {
    return {
      step: this.step,
      skipped: this.skipped,
      times: this.clock.read(),
      history: [...this.history],
      evaluations: [...this.#evaluations],
      environment: this.environment!,
      observers,
      pending: this.pending,
    };
  }

  /** @param checkpoint path of the newest one */
  result(stopReason: string | undefined, checkpoint: string | undefined): TrainerResult {
    return {
      steps: this.step,
      ...this.clock.read(),
      skipped: this.skipped,
      history: this.history,
      evaluations: this.#evaluations,
      interrupted: this.step < this.#plan.totalSteps,
      damaged: this.#damaged,
      notes: this.notes,
      ...(stopReason === undefined ? {} : { stopReason }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
    };
  }
}
