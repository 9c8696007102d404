import type * as tf from '@tensorflow/tfjs-core';
import { type Save, tfjsEngine } from './tfjs-internals.js';

/** How an op is computed and differentiated. */
export interface CustomOp {
  readonly inputs: readonly tf.Tensor[];
  readonly forward: (save: Save) => tf.Tensor[];
  /** Gradients by the inputs' places; only those that somebody needs are called for. */
  readonly backward: (dys: readonly tf.Tensor[], saved: readonly tf.Tensor[]) => Record<number, () => tf.Tensor>;
}

/** As `tf.customGrad`, for any number of results. */
export function customOp({ inputs, forward, backward }: CustomOp): tf.Tensor[] {
  return tfjsEngine().runKernelFunc({
    inputs: Object.fromEntries(inputs.entries()),
    forwardFunc: (_, save) => forward(save),
    backwardsFunc: (dys, saved) => backward(Array.isArray(dys) ? dys : [dys as tf.Tensor], saved),
  });
}
