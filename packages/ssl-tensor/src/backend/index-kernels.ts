import * as tf from '@tensorflow/tfjs-core';
import { DataError } from '@selfsup/ssl-core';
import { type KernelCall, mendKernel, valuesOf } from './mend-kernel.js';

/** Kernels whose indices are places in several axes, the operand that holds them, and the shape that they point into. */
const kernels: Readonly<Record<string, readonly [string, (call: KernelCall) => readonly number[]]>> = {
  [tf.GatherNd]: ['indices', ({ inputs }) => inputs['params']!.shape],
  [tf.ScatterNd]: ['indices', ({ attrs }) => attrs['shape'] as number[]],
  [tf.SparseToDense]: ['sparseIndices', ({ attrs }) => attrs['outputShape'] as number[]],
  [tf.TensorScatterUpdate]: ['indices', ({ inputs }) => inputs['tensor']!.shape],
};

/**
 * Makes TF.js's CPU kernels refuse an index beyond its own axis, as compiled ones do: TF.js looks at the place in the whole
 * tensor, and takes column 3 of a row of 2 for a place in a later row.
 */
export function mendIndexKernels(): void {
  for (const [kernelName, [name, shapeOf]] of Object.entries(kernels))
    mendKernel(kernelName, 'indices', (kernel) => (call) => {
      const indices = call.inputs[name]!;
      const shape = shapeOf(call);
      // One axis: TF.js itself looks.
      const depth = indices.shape.length < 2 ? 1 : indices.shape.at(-1)!;
      const values = depth === 1 ? [] : valuesOf(call.backend, indices);
      for (let place = 0; place < values.length; place++) {
        const [axis, index] = [place % depth, values[place]!];
        if (index < 0 || index >= shape[axis]!)
          throw new DataError(
            `${kernelName}: index ${index} at [${Math.floor(place / depth)}, ${axis}] of the indices is outside axis ${axis} of shape [${shape.join(', ')}], which has [0, ${shape[axis]})`,
          );
      }
      return kernel(call);
    });
}
