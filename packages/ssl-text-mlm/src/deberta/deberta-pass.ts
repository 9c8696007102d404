import type * as tf from '@tensorflow/tfjs-core';

/** What the layers of one pass share. */
export interface DebertaPass {
  readonly batch: number;
  readonly tokens: number;
  /** Added to the scores, `[1, batch, tokens, tokens]`: 0 where query and key are tokens, very negative where one is padding. */
  readonly mask?: tf.Tensor4D;
  /** Relative positions, where attention uses them. */
  readonly relative?: RelativeStates;
}

/** Rows of the table of relative positions that the pass needs, and where its offsets find them. */
export interface RelativeStates {
  /** `[rows, hidden]`, normalised where the model does. */
  readonly rows: tf.Tensor2D;
  /** int32 `[2 * tokens]`, of `RelativeRows`. */
  readonly descending: tf.Tensor1D;
  readonly ascending: tf.Tensor1D;
}
