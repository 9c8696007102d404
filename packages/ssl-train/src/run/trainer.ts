import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { planRun, type RunPlan } from './run-plan.js';
import type { TrainerResult } from '../observers/trainer-observer.js';
import type { TrainerOptions } from './trainer-options.js';
import { TrainingRun } from './training-run.js';

/**
 * Trains a method: one compiled step (loss, gradients, gradient stages, optimiser, EMA) per update, with metrics, log,
 * progress, checkpoints and a clean stop on SIGINT and SIGTERM. The same seed gives the same numbers, and a resumed run
 * equals an unbroken one bit for bit, on the same CPU model with the same number of threads and the same versions.
 *
 * @throws InvalidOptionError for options out of range, and when the optimiser does not hold exactly the parameters that
 *   the method trains
 *
 * @example
 * const optimizer = new AdamW([{ parameters: method.trainable() }], { weightDecay: 0.05 });
 * const schedule = warmupCosine({ base: 1e-3, warmupSteps: 100, totalSteps: 1000 });
 * const trainer = new Trainer({ method, loader, optimizer, schedule, steps: 1000, seed: 0 });
 * const { history } = await trainer.fit();
 */
export class Trainer<B> {
  readonly #plan: RunPlan<B>;
  #running = false;

  constructor(options: TrainerOptions<B>) {
    this.#plan = planRun(options);
  }

  /** Updates of the whole run. */
  get totalSteps(): number {
    return this.#plan.totalSteps;
  }

  /** Updates of one epoch. */
  get stepsPerEpoch(): number {
    return this.#plan.stepsPerEpoch;
  }

  /**
   * Runs until the last step or a request to stop. Closing the loader is the caller's business.
   *
   * An error saves the state first, where there is a checkpoint directory and the error is not about it; its message then
   * says where.
   *
   * @throws NonFiniteLossError when the loss is NaN or infinite; CheckpointError when a checkpoint cannot be written or
   *   does not fit, DamagedCheckpointError when it is not whole; DataError when the loader yields less than it says, when
   *   the log cannot be written, and when another run holds the checkpoint directory or the log; InvalidOptionError when
   *   the learning rate is 0 from some step to the end; whatever the loader, the method or an observer throws
   */
  async fit(): Promise<TrainerResult> {
    if (this.#running)
      throw new InvalidOptionError(
        'Trainer.fit',
        'fit',
        'called when the last call has ended',
        'a call while training',
      );
    this.#running = true;
    try {
      return await new TrainingRun(this.#plan).run();
    } finally {
      this.#running = false;
    }
  }
}
