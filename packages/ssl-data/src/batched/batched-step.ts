import type * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@selfsup/ssl-core';

/** Height and width, pixels. */
export type Size = readonly [height: number, width: number];

/** One image's draw of a step; `undefined` where the step is not applied. */
export type Draw<P> = { readonly applied: P } | undefined;

/** What was drawn for a batch, by name: arrays whose first axis is the batch. */
export type PackedParameters = Readonly<Record<string, NdArray>>;

/** {@link PackedParameters} as tensors. */
export type StepTensors = Readonly<Record<string, tf.Tensor>>;

/**
 * One view on a batch of images of one size, in two halves: what was drawn becomes arrays on the host, then tensor ops
 * apply them to all images at once.
 *
 * Inside, images are `[batch, height, channels, width]`, float32, whole levels 0..255: products along either axis then
 * need no transposition, and a channel is a slice.
 */
export interface BatchedStep<P = unknown> {
  /** `size` is that of the step's input. */
  pack(drawn: readonly Draw<P>[], size: Size): PackedParameters;
  /** Traced; static shapes, reads no values. */
  apply(planes: tf.Tensor4D, parameters: StepTensors): tf.Tensor4D;
  /** Size of the result; without it, the size stays. */
  outputSize?(size: Size): Size;
}
