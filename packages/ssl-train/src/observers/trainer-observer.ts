import type { Module } from '@selfsup/ssl-nn';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import type { DamagedCheckpoint } from '../checkpoint/newest-whole-checkpoint.js';
import type { JsonValue, RunConfig } from '../checkpoint/run-config.js';
import type { RunEnvironment } from '../checkpoint/run-environment.js';
import type { Evaluation, HistoryEntry } from '../run/history.js';
import type { Method } from '../step/method.js';

/** What a run is, told to `onStart`. */
export interface RunInfo {
  readonly method: string;
  readonly seed: number;
  /** Steps that are done already: 0 unless the run was resumed. */
  readonly startStep: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Everything that a resumed run must have in common with this one. */
  readonly config: RunConfig;
  readonly environment: RunEnvironment;
  /** The checkpoint that the run goes on from. */
  readonly from?: string;
  /** What was logged up to `startStep`. */
  readonly history: readonly HistoryEntry[];
  /** What observers found up to there. */
  readonly evaluations: readonly Evaluation[];
}

/** A batch that is about to be computed. */
export interface BatchEvent {
  /** The step that it belongs to, counted from 1. */
  readonly step: number;
  /** Its place among the batches of the step's update, from 0. */
  readonly part: number;
  /** As the loader gave it: who keeps it copies its arrays. */
  readonly batch: unknown;
  /** Values of all schedules at the step, by name. */
  readonly scalars: Readonly<Record<string, number>>;
  readonly phase: string;
  /** Random key of the batch, int32 `[2]`. */
  readonly key: NdArray<Int32Array>;
  readonly method: Method<unknown, string>;
  /** All that is saved by name: the method's, and EMA targets that are not among them. */
  readonly modules: Readonly<Record<string, Module>>;
}

/** A finished step. */
export interface StepEvent {
  /** Counted from 1. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  /** The step's numbers, at logged steps alone: others are not kept. */
  readonly entry?: HistoryEntry;
  /** Of the steps so far; not where a resumed run tells again of a step that an earlier one finished. */
  readonly samplesPerSecond?: number;
  /** Share of the training time since the last logged step that was waiting for the loader, in 0 .. 1; where there is a speed. */
  readonly waitingShare?: number;
  /** Wall time of the run so far. */
  readonly seconds: number;
}

/** A finished epoch. */
export interface EpochEvent {
  /** Counted from 1. */
  readonly epoch: number;
  readonly step: number;
}

/** What an observer found. */
export interface EvaluationEvent extends Evaluation {
  /** The hook that returned it. */
  readonly after: 'step' | 'epoch';
}

/** Something that is no error and that the user should know. */
export interface NoteEvent {
  readonly step: number;
  readonly text: string;
}

/** A written checkpoint. */
export interface CheckpointEvent {
  readonly path: string;
  readonly step: number;
}

/** What `fit` returns. */
export interface TrainerResult {
  /** Finished steps, those before a resume included. */
  readonly steps: number;
  /** Wall time of all parts of the run, in seconds. */
  readonly seconds: number;
  /** The same without observers and checkpoints. */
  readonly trainingSeconds: number;
  /** Updates that a gradient stage skipped, those before a resume included. */
  readonly skipped: number;
  readonly history: readonly HistoryEntry[];
  readonly evaluations: readonly Evaluation[];
  /** True when the run was stopped before its last step. */
  readonly interrupted: boolean;
  /** Why an observer stopped it, where one did. */
  readonly stopReason?: string;
  /** Newest checkpoint, where checkpoints are written. */
  readonly checkpoint?: string;
  /** Checkpoints that `resume: 'latest-good'` passed over, and where they are now. */
  readonly damaged: readonly DamagedCheckpoint[];
  /** What was told while the run went on: damaged checkpoints, another environment than before, a schedule too short. */
  readonly notes: readonly string[];
}

/** Numbers by name that the run should keep, or nothing. */
export type ObserverMetrics = Readonly<Record<string, number>> | void;

/** What an observer may ask of the run that it observes. */
export interface RunControl {
  /** Ends the run after this step, saved as at its end; `fit` resolves with the reason. */
  stop(reason: string): void;
  /** Writes a checkpoint once all observers were told of this step. Without a checkpoint directory it does nothing. */
  save(): void;
  /** Tells the user something that is no error: on the screen, in the log, in the result. */
  note(text: string): void;
}

/**
 * Looks on while a run goes on: logs, evaluations, early stops. The Trainer calls the hooks of all observers in their
 * order and waits for each; their time is not training time. An error stops the run, which is saved first.
 */
export interface TrainerObserver {
  /** Names its state in checkpoints; needed with `state` and `restore`, and unique among the observers of a run. */
  readonly name?: string;
  onStart?(info: RunInfo, run: RunControl): void | Promise<void>;
  /** Before a batch is computed, with the model as it is then. */
  onBatch?(event: BatchEvent): void | Promise<void>;
  /** What it returns becomes an evaluation of the result and of the log. */
  onStep?(event: StepEvent, run: RunControl): ObserverMetrics | Promise<ObserverMetrics>;
  /** As `onStep`, after the last step of each epoch. */
  onEpochEnd?(event: EpochEvent, run: RunControl): ObserverMetrics | Promise<ObserverMetrics>;
  /** What observers found: a step's together, once all of them were asked. */
  onEvaluation?(evaluation: EvaluationEvent, run: RunControl): void | Promise<void>;
  onNote?(note: NoteEvent): void;
  onCheckpoint?(event: CheckpointEvent): void | Promise<void>;
  onEnd?(result: TrainerResult): void | Promise<void>;
  /** Before anybody is told of the error that ends the run: what is to be added to its message, or nothing. */
  explain?(error: unknown, step: number): string | undefined | Promise<string | undefined>;
  /** The error that ends the run. What it throws itself is added to that error. */
  onError?(error: unknown, step: number): void | Promise<void>;
  /** What a checkpoint keeps of it: JSON. */
  state?(): JsonValue;
  /** Takes over what {@link state} gave, before `onStart` of a resumed run. */
  restore?(state: JsonValue): void;
}
