import type * as tf from '@tensorflow/tfjs-core';
import type { Stateful } from '@selfsup/ssl-tensor';
import type { RunConfig } from '../checkpoint/run-config.js';

/** What a stage makes of an update's gradients. */
export interface StagedGradients {
  /** By the same names. */
  readonly gradients: tf.NamedTensorMap;
  /** Numbers to log, float32 scalars by name. */
  readonly metrics?: Readonly<Record<string, tf.Scalar>>;
  /** True: the update does not happen, all variables keep their values. Boolean scalar; for stages that may skip. */
  readonly skip?: tf.Scalar;
}

/**
 * What happens to gradients between accumulation and optimiser. The Trainer applies its stages in their order, once per
 * update, inside the compiled step.
 */
export interface GradientStage {
  /** Unique among the stages of a run: its state is saved as `stages.<name>.<buffer>`. */
  readonly name: string;
  /** Compared at resume. */
  readonly settings: RunConfig;
  /** What it keeps from update to update, also over those that are skipped. */
  readonly state?: Stateful;
  /** Whether `apply` may return `skip`. */
  readonly maySkip?: boolean;
  /** Before the gradient is taken: what is differentiated in place of the loss. */
  scaleLoss?(loss: tf.Scalar): tf.Scalar;
  /** @param gradients of the update, by `variable.name` */
  apply(gradients: tf.NamedTensorMap): StagedGradients;
}
