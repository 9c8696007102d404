import type { CheckpointEvent, NoteEvent, RunInfo } from '../observers/trainer-observer.js';
import type { Evaluation, HistoryEntry } from '../run/history.js';
import type { Html } from './html.js';

/** Where a run stands, and in its own words why. */
export interface RunState {
  readonly kind: 'running' | 'finished' | 'interrupted' | 'failed';
  /** Finished steps. */
  readonly step: number;
  /** Why an observer ended it; the message of the error. */
  readonly reason?: string;
  /** Wall time so far, in seconds. */
  readonly seconds: number;
  /** The same without observers and checkpoints, where it is known. */
  readonly trainingSeconds?: number;
  /** Updates that were skipped, where it is known. */
  readonly skipped?: number;
}

/** What a step took, of this process's part of the run. */
export interface SpeedPoint {
  readonly step: number;
  readonly samplesPerSecond: number;
  readonly waitingShare: number;
}

/** All that the report of a run says. */
export interface RunData {
  readonly title: string;
  readonly info: RunInfo;
  readonly state: RunState;
  readonly history: readonly HistoryEntry[];
  readonly evaluations: readonly Evaluation[];
  readonly speed: readonly SpeedPoint[];
  /** In their order. */
  readonly notes: readonly NoteEvent[];
  /** Written by this process, in their order. */
  readonly checkpoints: readonly CheckpointEvent[];
  /** Steps from which the run was resumed. */
  readonly resumed: readonly number[];
  readonly sections: readonly Html[];
  readonly writtenAt: Date;
}
