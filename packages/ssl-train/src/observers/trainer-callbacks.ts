import type { DamagedCheckpoint } from '../checkpoint/newest-whole-checkpoint.js';
import type { Evaluation, HistoryEntry } from '../run/history.js';

/** What a run is, told to `onStart`. */
export interface RunInfo {
  readonly method: string;
  readonly seed: number;
  /** Steps that are done already: 0 unless the run was resumed. */
  readonly startStep: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

/** A finished step. */
export interface StepEvent {
  /** Counted from 1. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  readonly learningRate: number;
  /** The step's numbers, at logged steps alone: others are not fetched from the engine. */
  readonly entry?: HistoryEntry;
}

/** A finished epoch. */
export interface EpochEvent {
  /** Counted from 1. */
  readonly epoch: number;
  readonly step: number;
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
  /** The same without callbacks and checkpoints. */
  readonly trainingSeconds: number;
  readonly history: readonly HistoryEntry[];
  readonly evaluations: readonly Evaluation[];
  /** True when the run was stopped before its last step. */
  readonly interrupted: boolean;
  /** Newest checkpoint, where checkpoints are written. */
  readonly checkpoint?: string;
  /** Checkpoints that `resume: 'latest-good'` passed over, and where they are now. */
  readonly damaged: readonly DamagedCheckpoint[];
  /** What was told while the run went on: damaged checkpoints, another environment than before, a schedule too short. */
  readonly notes: readonly string[];
}

/** Numbers by name that the run should keep, or nothing. */
export type CallbackMetrics = Readonly<Record<string, number>> | void;

/** Hooks into a run. Each is awaited; an error stops the run. */
export interface TrainerCallbacks {
  onStart?(info: RunInfo): void | Promise<void>;
  /** What it returns becomes an evaluation of the result and of the log. */
  onStep?(event: StepEvent): CallbackMetrics | Promise<CallbackMetrics>;
  /** As `onStep`, after the last step of each epoch. */
  onEpochEnd?(event: EpochEvent): CallbackMetrics | Promise<CallbackMetrics>;
  onCheckpoint?(event: CheckpointEvent): void | Promise<void>;
  onEnd?(result: TrainerResult): void | Promise<void>;
}
