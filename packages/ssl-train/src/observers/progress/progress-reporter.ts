/** What a run is, told before its first step. */
export interface ProgressStart {
  /** Name of what runs. */
  readonly name: string;
  readonly totalSteps: number;
  /** Steps that are done already. */
  readonly startStep: number;
  readonly totalEpochs: number;
  /** Epoch of the last step that is done, counted from 1; absent where none is. */
  readonly startEpoch?: number;
}

/** Where a run stands. */
export interface ProgressStatus {
  /** Finished steps. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  /** Loss of the last step, where it can be had. */
  readonly loss: number | undefined;
  /** 0 when not known. */
  readonly samplesPerSecond: number;
  /** Observers and checkpoints included; undefined when not known. */
  readonly secondsLeft: number | undefined;
  /** Share of the time of the last steps that was waiting for the loader, in 0 .. 1. */
  readonly waitingShare?: number;
  /** The newest numbers that observers returned, by name. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** Shows a run while it goes on. */
export interface ProgressReporter {
  start(run: ProgressStart): void;
  update(status: ProgressStatus): void;
  /** A line that stays: what the user must know. */
  note(line: string): void;
  /** A line that stays and says more of the run: memory, time, what observers found. */
  info?(line: string): void;
  /** What goes on that is no step, such as compiling; undefined when it is over. The next update ends it, too. */
  phase?(text: string | undefined): void;
  /** Leaves the terminal as it was found. May be called more than once. */
  stop(): void;
}
