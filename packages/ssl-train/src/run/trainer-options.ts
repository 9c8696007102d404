import type { CompileOptions } from '@selfsup/ssl-tensor';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import type { RunConfig } from '../checkpoint/run-config.js';
import type { EmaOptions } from '../step/ema.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { ProgressOption } from '../observers/progress/choose-progress.js';
import type { Schedule } from '../schedules/schedule.js';
import type { BatchLoader } from './batch-loader.js';
import type { GradientStage } from '../stages/gradient-stage.js';
import type { Method } from '../step/method.js';
import type { TrainerObserver } from '../observers/trainer-observer.js';

/** Where checkpoints go, and whether to continue from one. */
export interface TrainerCheckpointOptions {
  /** Directory of this run's checkpoints, made where missing. */
  readonly dir: string;
  /** Steps between checkpoints. Default: one after each epoch. The end of a run and a stop write one in any case. */
  readonly everySteps?: number;
  /** How many of the newest to keep. Default 3. */
  readonly keep?: number;
  /**
   * true, the default: continue from the newest of `dir`, or start where there is none, so that the same program run again
   * goes on; a damaged one is refused. `latest-good`: continue from the newest that is whole; newer ones that are damaged
   * are told and renamed to `*.damaged`. A path: continue from that file. false: start; a directory that already holds
   * checkpoints is refused.
   */
  readonly resume?: boolean | 'latest-good' | (string & {});
}

/** How EMA pairs of the method follow. */
export interface TrainerEmaOptions extends EmaOptions {
  /** Momentum per step. Default: BYOL's, half a cosine from 0.996 to 1 over the run. */
  readonly momentum?: number | Schedule;
}

/** Options of {@link Trainer}. */
export interface TrainerOptions<B> {
  readonly method: Method<B, string>;
  readonly loader: BatchLoader<B>;
  /** Over exactly the parameters of `method.trainable()`. */
  readonly optimizer: Optimizer;
  /** Learning rate per step. */
  readonly schedule: number | Schedule;
  /** Length of the run in epochs; give this or `steps`. */
  readonly epochs?: number;
  /** Length of the run in updates; give this or `epochs`. */
  readonly steps?: number;
  /** Seed of the run's in-graph randomness (dropout, augmentation in the step), a safe integer. */
  readonly seed: number;
  /** Batches whose mean gradient makes one update; an epoch's last batches that do not fill an update are left out. Default 1. */
  readonly accumulateSteps?: number;
  /** What happens to an update's gradients before the optimiser, in this order: `[clipByGlobalNorm(1)]`. Default: nothing. */
  readonly gradientStages?: readonly GradientStage[];
  readonly ema?: TrainerEmaOptions;
  /** Who looks on: evaluations, loggers, early stops. */
  readonly observers?: TrainerObserver | readonly TrainerObserver[];
  readonly checkpoint?: TrainerCheckpointOptions;
  /**
   * Start with the weights of another run: a checkpoint of it, or the directory with its checkpoints. All modules take
   * theirs; step, optimiser, schedule and history begin anew. Once this run has a checkpoint of its own it continues from
   * that, and this is not read. Default: the weights that the modules have.
   */
  readonly initFrom?: string;
  /** JSONL file: a line per logged step and per evaluation. A fresh run starts the file anew, a resumed one continues it. */
  readonly logFile?: string;
  /** Steps between lines of the log and entries of the history (the first and last step have one too). Default 10. */
  readonly logEvery?: number;
  /** Default `auto`: a bar on a terminal, else a line every five seconds, after a minute every 30; on standard error. */
  readonly progress?: ProgressOption;
  /** Finish the step, save and stop when this is aborted. */
  readonly signal?: AbortSignal;
  /**
   * SIGINT and SIGTERM finish the step, save and stop: `fit` resolves with `interrupted: true`, and `process.exitCode` is
   * 130 or 143. Default true.
   */
  readonly handleSignals?: boolean;
  /** Further settings of the run, saved with checkpoints and compared on resume: batch size, augmentation, data. */
  readonly config?: RunConfig;
  /**
   * Threads of the CPU engine, on which the last digits depend. Default: those of the checkpoint that a run continues
   * from, else all cores that this process may use.
   */
  readonly threads?: number;
  /** The same bytes on any number of cores: one thread, about half as fast on two. Default false. */
  readonly deterministic?: boolean;
  /** Whether a learning rate that is 0 from some step to the end of the run is refused. Default `refuse`. */
  readonly zeroRate?: 'refuse' | 'allow';
  /**
   * What becomes of a step that needs 1.5 times the memory that the machine has, or that the process may use: refused
   * before anything is taken, or tried. Either way there is a warning where it needs more than is free. Default `refuse`.
   */
  readonly memory?: 'refuse' | 'warn';
  /** Further options of `compile()` for the step: device. */
  readonly compile?: CompileOptions;
}

/** Names of {@link TrainerCheckpointOptions}. */
export const trainerCheckpointOptionNames: OptionNames<TrainerCheckpointOptions> = {
  dir: 'required',
  everySteps: 'optionalNumber',
  keep: 'optionalNumber',
  resume: 'optional',
};

/** Names of {@link TrainerEmaOptions}. */
export const trainerEmaOptionNames: OptionNames<TrainerEmaOptions> = { buffers: 'optional', momentum: 'optional' };

/** Names of {@link TrainerOptions}. */
export const trainerOptionNames: OptionNames<TrainerOptions<unknown>> = {
  method: 'required',
  loader: 'required',
  optimizer: 'required',
  schedule: 'required',
  epochs: 'optionalNumber',
  steps: 'optionalNumber',
  seed: 'requiredNumber',
  accumulateSteps: 'optionalNumber',
  gradientStages: 'optional',
  ema: 'optional',
  observers: 'optional',
  checkpoint: 'optional',
  logFile: 'optional',
  logEvery: 'optionalNumber',
  progress: 'optional',
  signal: 'optional',
  handleSignals: 'optionalFlag',
  config: 'optional',
  threads: 'optionalNumber',
  deterministic: 'optionalFlag',
  zeroRate: 'optional',
  compile: 'optional',
  initFrom: 'optional',
  memory: 'optional',
};

/** Defaults of {@link TrainerOptions}. The EMA momentum is that of BYOL, arXiv 2006.07733, section 3.2. */
export const trainerDefaults = {
  accumulateSteps: 1,
  logEvery: 10,
  keepCheckpoints: 3,
  emaMomentum: 0.996,
  progress: 'auto',
  handleSignals: true,
  resume: true,
  zeroRate: 'refuse',
  memory: 'refuse',
} as const;
