import * as tf from '@tensorflow/tfjs-core';
import { positiveAxis } from '../graph/builder.js';
import { type KernelCall, mendKernel } from './mend-kernel.js';

/** The call with its one axis counted from the start. */
export function withAxisFromStart(call: KernelCall): KernelCall {
  const axis = positiveAxis(call.attrs['axis'] as number, call.inputs['x']!.shape.length);
  return { ...call, attrs: { ...call.attrs, axis } };
}

/**
 * Makes tf.cumsum take axes from the end, and refuse others, as it does compiled: TF.js's CPU kernel returns another shape or
 * zeros. tf.cumprod, which has the same fault, is mended with the whole numbers.
 */
export function mendCumulativeKernels(): void {
  mendKernel(tf.Cumsum, 'axes', (kernel) => (call) => kernel(withAxisFromStart(call)));
}
