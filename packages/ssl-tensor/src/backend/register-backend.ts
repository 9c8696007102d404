import * as tf from '@tensorflow/tfjs-core';
import { activeTrace } from '../compile/active-trace.js';
import { UnsupportedOpError } from '@selfsup/ssl-core';
import { loweringTable } from '../lowering/lowering-table.js';
import { registerCumulativeGradients } from './cumulative-gradients.js';
import { registerConv3dTransposeGradient } from './conv3d-transpose-gradient.js';
import { withExactSums } from './eager-sums.js';
import { registerEinsumGradient } from './einsum-gradient.js';
import { mendKernels } from './mend-kernels.js';
import { backendName, SslBackend } from './ssl-backend.js';
import { registerExtremumGradients } from './extremum-gradients.js';
import { registerGatherGradients } from './gather-gradients.js';
import { registerGradients } from './tfjs-gradients.js';
import { registerTileGradient } from './tile-gradient.js';

let instance: SslBackend | undefined;

/**
 * Registers the backend `ssl` with TF.js (once) and returns it. Its kernels are recorded while a trace runs and are
 * TF.js's CPU kernels otherwise. Priority 2: above TF.js's plain JavaScript, below tfjs-node.
 */
export function registerSslBackend(): SslBackend {
  if (instance !== undefined) return instance;
  registerGradients();
  registerConv3dTransposeGradient();
  registerCumulativeGradients();
  registerEinsumGradient();
  registerExtremumGradients();
  registerGatherGradients();
  registerTileGradient();
  mendKernels();
  const backend = new SslBackend();
  instance = backend;
  tf.registerBackend(backendName, () => backend, 2);
  // Make the engine create it without changing the current backend.
  tf.engine().findBackend(backendName);
  const eager = new Map(
    tf
      .getKernelsForBackend('cpu')
      .map((kernel) => [kernel.kernelName, withExactSums(kernel.kernelName, kernel.kernelFunc)]),
  );
  for (const kernelName of new Set([...eager.keys(), ...loweringTable.keys()])) {
    const eagerKernel = eager.get(kernelName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: (call) => {
        const trace = activeTrace();
        if (trace !== undefined)
          return trace.record(kernelName, call.inputs, call.attrs ?? {}, eagerKernel && (() => eagerKernel(call)));
        if (eagerKernel === undefined)
          throw new UnsupportedOpError(kernelName, 'exists inside compile() only', 'Call it from a compiled function');
        return eagerKernel(call);
      },
    });
  }
  return backend;
}
