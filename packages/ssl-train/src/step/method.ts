import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext, Module, Parameter } from '@selfsup/ssl-nn';
import type { Stateful } from '@selfsup/ssl-tensor';
import type { RunConfig } from '../checkpoint/run-config.js';
import type { Schedule } from '../schedules/schedule.js';
import type { EmaPair } from './ema.js';
import type { Tensors } from './tensors.js';

/** How long a run is: what schedules and phases of a method go by. */
export interface RunShape {
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** Updates of one epoch. */
  readonly stepsPerEpoch: number;
}

/** What a method's step is told: the context that modules take, the values of its schedules, its phase. */
export interface StepContext<V extends string = never, P extends string = string> extends ForwardContext {
  /** Values of the method's schedules at this step, float32 scalars by name. */
  readonly values: Readonly<Record<V, tf.Scalar>>;
  readonly phase: P;
}

/** What a method's loss returns. */
export interface MethodLoss {
  /** What is minimised, float32 scalar. */
  readonly loss: tf.Scalar;
  /**
   * How much this batch counts among those of one update (`accumulateSteps`), float32 scalar of 0 or more: the number of
   * tokens or samples that `loss` is the mean of, where that differs from batch to batch. Several batches then make the
   * update of one large one. Default: all count alike.
   */
  readonly weight?: tf.Scalar;
  /** Further numbers to log, float32 scalars by name. The same names at every step. */
  readonly metrics?: Readonly<Record<string, tf.Scalar>>;
  /**
   * What `afterUpdate` is to have: features for a queue, a teacher's outputs for a centre. `[rows, ...]` each, of the
   * batches of one update joined along the first axis, so that queues and centres move as with one large batch.
   */
  readonly carried?: Readonly<Record<string, tf.Tensor>>;
}

/**
 * A training method: modules and a loss. All that the Trainer knows of what it trains. No base class: what all of them
 * need is a function (`parametersOf`, `copyOf`, the losses) or a part of the Trainer.
 *
 * `V` names its scheduled values, `P` its phases.
 */
export interface Method<B, V extends string = never, P extends string = string> {
  readonly name: string;
  /** What makes two runs of it different, beside its modules' shapes: compared at resume, key by key. */
  readonly settings: RunConfig;
  /** Everything with weights that is saved, by name: `{ backbone, head }`. */
  readonly modules: Readonly<Record<string, Module>>;
  /** Queues, centres, class distributions, by name: saved as `state.<name>.<buffer>`. */
  readonly state?: Readonly<Record<string, Stateful>>;
  /**
   * Parameters that the optimiser trains, by full name: `parametersOf(this.modules)`.
   *
   * @param phase those that train in it; left out: all that train at some time
   */
  trainable(phase?: P): Map<string, Parameter>;
  /** Numbers that change from step to step (a temperature), by name; in `ctx.values`, and no new trace. */
  schedules?(run: RunShape): Readonly<Record<V, Schedule>>;
  /**
   * Looks at the values of a batch, on the host, before each step: inside `compile()` they cannot be read, and what is wrong
   * with them could only be told by a loss of NaN. Throws where they do not fit.
   */
  checkBatch?(batch: B): void;
  /** Part of the run that a step belongs to (a last layer frozen, a queue in use). Each phase is traced once. */
  phaseAt?(step: number, run: RunShape): P;
  /** Online and target modules that follow by EMA after each update. The method makes them equal at the start. */
  emaPairs?(run: RunShape): readonly EmaPair[];
  /** Traced, off the gradient tape, once per update: after the gradients, before the optimiser. */
  beforeUpdate?(ctx: StepContext<V, P>): void;
  /**
   * Traced, off the gradient tape, once per update: after the optimiser and the EMA.
   *
   * @param carried what `loss` returned under that name
   */
  afterUpdate?(ctx: StepContext<V, P>, carried: Readonly<Record<string, tf.Tensor>>): void;
  /**
   * Loss of one batch. Runs inside `compile()`.
   *
   * @param batch the loader's structure with tensors in place of arrays
   * @param ctx training context with the step's random key, scheduled values and phase
   */
  loss(batch: Tensors<B>, ctx: StepContext<V, P>): MethodLoss;
}
