import * as tf from '@tensorflow/tfjs-core';

/** Keeps tensors for the gradient; does nothing where none is asked for. */
export type Save = (tensors: readonly tf.Tensor[]) => void;

/** How an op is computed and differentiated. */
export interface CustomOp {
  readonly inputs: readonly tf.Tensor[];
  readonly forward: (save: Save) => tf.Tensor[];
  /** Gradients by the inputs' places; only those that somebody needs are called for. */
  readonly backward: (dys: readonly tf.Tensor[], saved: readonly tf.Tensor[]) => Record<number, () => tf.Tensor>;
}

interface KernelCall {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly forwardFunc: (backend: unknown, save: Save) => tf.Tensor[];
  readonly backwardsFunc: (
    dys: tf.Tensor | readonly tf.Tensor[],
    saved: readonly tf.Tensor[],
  ) => Record<number, () => tf.Tensor>;
}

interface Engine {
  runKernelFunc(call: KernelCall): tf.Tensor[];
}

/** As `tf.customGrad`, for any number of results. */
export function customOp({ inputs, forward, backward }: CustomOp): tf.Tensor[] {
  return (tf.engine() as unknown as Engine).runKernelFunc({
    inputs: Object.fromEntries(inputs.entries()),
    forwardFunc: (_, save) => forward(save),
    backwardsFunc: (dys, saved) => backward(Array.isArray(dys) ? dys : [dys as tf.Tensor], saved),
  });
}
