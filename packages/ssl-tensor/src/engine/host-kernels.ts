import * as tf from '@tensorflow/tfjs-core';

type Inputs = Readonly<Record<string, tf.TensorInfo | readonly tf.TensorInfo[] | null | undefined>>;
type Attributes = Readonly<Record<string, unknown>>;

/** True where windows are rounded up or to the nearest: tfjs-node ignores that. */
const roundsWindows = ({ dimRoundingMode: mode }: Attributes): boolean => mode === 'ceil' || mode === 'round';

/** Kernels that give other results than TF.js's own, and when. */
const differing: Readonly<Record<string, (attributes: Attributes, inputs: Inputs) => boolean>> = {
  AvgPool: roundsWindows,
  AvgPool3D: roundsWindows,
  AvgPool3DGrad: roundsWindows,
  AvgPoolGrad: roundsWindows,
  Conv2D: roundsWindows,
  Conv2DBackpropFilter: roundsWindows,
  Conv2DBackpropInput: roundsWindows,
  DepthwiseConv2dNative: roundsWindows,
  // TF.js gives int32, TensorFlow the operands' type.
  FloorDiv: (_, { a }) => (a as tf.TensorInfo).dtype === 'float32',
  MaxPool: roundsWindows,
  MaxPool3D: roundsWindows,
  MaxPool3DGrad: roundsWindows,
  MaxPoolGrad: roundsWindows,
};

/**
 * Makes a backend whole: kernels of TF.js's CPU backend that it lacks, that it refuses for these operands (explicit
 * padding, comparisons of truths), or that mean something else there run on the host. Their operands are read, the result
 * is written back.
 *
 * @returns names of the kernels that it lacked
 */
export function registerHostKernels(backendName: string): readonly string[] {
  const own = new Map(tf.getKernelsForBackend(backendName).map((kernel) => [kernel.kernelName, kernel]));
  const host = tf.getKernelsForBackend('cpu');
  for (const { kernelName, kernelFunc } of host) {
    const [onHost, kernel] = [hostKernel(kernelFunc), own.get(kernelName)];
    if (kernel !== undefined) tf.unregisterKernel(kernelName, backendName);
    const differs = differing[kernelName];
    const guarded: tf.KernelFunc = (call) => {
      if (kernel === undefined || differs?.(call.attrs ?? {}, call.inputs) === true) return onHost(call);
      try {
        return kernel.kernelFunc(call);
      } catch {
        // What is wrong for TF.js too throws there, with TF.js's own message.
        return onHost(call);
      }
    };
    tf.registerKernel({ ...kernel, kernelName, backendName, kernelFunc: guarded });
  }
  return host.map(({ kernelName }) => kernelName).filter((name) => !own.has(name));
}

/** A kernel of TF.js's CPU backend for tensors of any backend. */
function hostKernel(kernel: tf.KernelFunc): tf.KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const host = tf.findBackend('cpu');
    const device = backend as tf.KernelBackend;
    const borrowed: tf.TensorInfo[] = [];
    const toHost = ({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo => {
      // Not of the backend: the tensor may live elsewhere still.
      const info = { dataId: host.write(tf.engine().readSync(dataId), shape, dtype), shape, dtype };
      borrowed.push(info);
      return info;
    };
    const given = Object.entries(inputs as Inputs).flatMap(([name, value]) => {
      if (value === undefined || value === null) return [];
      return [[name, Array.isArray(value) ? value.map(toHost) : toHost(value as tf.TensorInfo)] as const];
    });
    try {
      // Einsum's inputs are a list.
      const copies = Array.isArray(inputs) ? given.map(([, copy]) => copy) : Object.fromEntries(given);
      const result = kernel({ inputs: copies as never, ...(attrs && { attrs }), backend: host });
      const toDevice = ({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo => {
        const moved = { dataId: device.write(host.readSync(dataId), shape, dtype), shape, dtype };
        host.disposeData(dataId);
        return moved;
      };
      return Array.isArray(result) ? result.map(toDevice) : toDevice(result);
    } finally {
      for (const { dataId } of borrowed) host.disposeData(dataId);
    }
  };
}
