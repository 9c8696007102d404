import * as tf from '@tensorflow/tfjs-core';
import { broadcastValues } from './broadcast-values.js';
import { mendKernel, valuesOf } from './mend-kernel.js';

/**
 * Makes TF.js's CPU kernel follow IEEE 754 (and C, NumPy, PyTorch, and what is compiled): 1 to any power is 1, to NaN too,
 * and so is -1 to an infinite one. TF.js has JavaScript's NaN.
 */
export function mendPowerKernel(): void {
  mendKernel(tf.Pow, 'powers of 1', (kernel) => (call) => {
    const result = kernel(call) as tf.TensorInfo;
    const { backend, inputs } = call;
    const values = valuesOf(backend, result);
    if (result.dtype !== 'float32' || !Array.prototype.some.call(values, Number.isNaN)) return result;
    const [bases, exponents] = [inputs['a']!, inputs['b']!].map((x) =>
      broadcastValues(valuesOf(backend, x), x.shape, result.shape),
    );
    const mended = Float32Array.from(values, (value, index) =>
      bases![index] === 1 || (bases![index] === -1 && Math.abs(exponents![index]!) === Infinity) ? 1 : value,
    );
    backend.disposeIntermediateTensorInfo(result);
    return backend.makeTensorInfo(result.shape, 'float32', mended);
  });
}
