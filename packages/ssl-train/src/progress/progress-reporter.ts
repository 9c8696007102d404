/** What a run is, told before its first step. */
export interface ProgressStart {
  /** Name of what runs. */
  readonly name: string;
  readonly totalSteps: number;
  /** Steps that are done already. */
  readonly startStep: number;
  readonly totalEpochs: number;
}

/** Where a run stands. */
export interface ProgressStatus {
  /** Finished steps. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  /** Last loss that was fetched. */
  readonly loss: number | undefined;
  /** 0 when not known. */
  readonly samplesPerSecond: number;
  readonly secondsLeft: number;
}

/** Shows a run while it goes on. */
export interface ProgressReporter {
  start(run: ProgressStart): void;
  update(status: ProgressStatus): void;
  /** A line that stays. */
  note(line: string): void;
  /** Leaves the terminal as it was found. May be called more than once. */
  stop(): void;
}
