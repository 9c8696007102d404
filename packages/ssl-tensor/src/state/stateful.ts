import type * as tf from '@tensorflow/tfjs-core';

/**
 * What keeps numbers from step to step that no optimiser trains: a queue, a centre, a class distribution. A training
 * method lists its own under `state`, so that checkpoints hold `state.<name>.<buffer>` and a resumed run has them again.
 */
export interface Stateful {
  /** By name; of fixed shapes. */
  readonly buffers: Readonly<Record<string, tf.Variable>>;
}
