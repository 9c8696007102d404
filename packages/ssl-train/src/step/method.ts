import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext, Module, Parameter } from '@selfsup/ssl-nn';
import type { EmaPair } from './ema.js';
import type { Tensors } from './tensors.js';

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
}

/** A training method: modules and a loss. All that the Trainer knows of what it trains. */
export interface Method<B> {
  readonly name: string;
  /** Everything that is saved, by name: `{ backbone, head }`. */
  readonly modules: Readonly<Record<string, Module>>;
  /** Parameters that the optimiser trains, by full name. */
  trainable(): Map<string, Parameter>;
  /** Online and target modules that follow by EMA. The method makes them equal at the start. */
  emaPairs?(): readonly EmaPair[];
  /**
   * Loss of one batch. Runs inside `compile()`.
   *
   * @param batch the loader's structure with tensors in place of arrays
   * @param ctx training context with the step's random key
   */
  loss(batch: Tensors<B>, ctx: ForwardContext): MethodLoss;
}
