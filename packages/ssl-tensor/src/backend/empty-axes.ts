import * as tf from '@tensorflow/tfjs-core';
import { checkExtremum } from '../lowering/check-extremum.js';
import { mendKernel } from './mend-kernel.js';

/** Kernels of the largest and the smallest, and the attribute with their axes. */
const kernels = { Max: 'reductionIndices', Min: 'axis', ArgMax: 'axis', ArgMin: 'axis' } as const;

/**
 * Makes TF.js's CPU kernels refuse the largest and the smallest of nothing, as compiled ones do: TF.js reads beyond the end
 * of the tensor, and gives NaN, or 0 for integers and places.
 */
export function mendEmptyAxes(): void {
  for (const [kernelName, attribute] of Object.entries(kernels))
    mendKernel(kernelName, 'empty axes', (kernel) => (call) => {
      const { shape } = call.inputs['x']!;
      checkExtremum(kernelName, shape, tf.util.parseAxisParam(call.attrs[attribute] as number | number[], [...shape]));
      return kernel(call);
    });
}
