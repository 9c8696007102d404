import * as tf from '@tensorflow/tfjs-core';
import { withExactSums } from '../backend/eager-sums.js';
import { operandsByKernel } from '../backend/nan-kernels.js';
import { tfjsEngine, withoutAdvice } from '../backend/tfjs-internals.js';
import { hostSums, longSums } from './long-sum-kernels.js';

type Inputs = Readonly<Record<string, tf.TensorInfo | readonly tf.TensorInfo[] | null | undefined>>;
type Attributes = Readonly<Record<string, unknown>>;

/** True where windows are rounded up or to the nearest: tfjs-node ignores that. */
const roundsWindows = ({ dimRoundingMode: mode }: Attributes): boolean => mode === 'ceil' || mode === 'round';

/** True for nothing: TensorFlow gives a largest of it, and no sum. */
const isEmpty = (_: Attributes, { x }: Inputs): boolean => (x as tf.TensorInfo).shape.includes(0);

/** Kernels that give other results than TF.js's own, and when. */
const differing: Readonly<Record<string, (attributes: Attributes, inputs: Inputs) => boolean>> = {
  ArgMax: isEmpty,
  ArgMin: isEmpty,
  AvgPool: roundsWindows,
  AvgPool3D: roundsWindows,
  AvgPool3DGrad: roundsWindows,
  AvgPoolGrad: roundsWindows,
  // TensorFlow converts NaN and numbers beyond int32 as the processor does.
  Cast: ({ dtype }, { x }) => dtype === 'int32' && (x as tf.TensorInfo).dtype === 'float32',
  // TensorFlow converts the bounds first.
  ClipByValue: (_, { x }) => (x as tf.TensorInfo).dtype === 'int32',
  Conv2D: roundsWindows,
  Conv2DBackpropFilter: roundsWindows,
  Conv2DBackpropInput: roundsWindows,
  DepthwiseConv2dNative: roundsWindows,
  // TF.js gives int32, TensorFlow the operands' type.
  FloorDiv: (_, { a }) => (a as tf.TensorInfo).dtype === 'float32',
  Max: isEmpty,
  MaxPool: roundsWindows,
  MaxPool3D: roundsWindows,
  MaxPool3DGrad: roundsWindows,
  MaxPoolGrad: roundsWindows,
  Mean: isEmpty,
  Min: isEmpty,
  Prod: isEmpty,
  Sum: isEmpty,
  // In no order.
  TopK: ({ sorted }) => sorted === false,
  // TF.js gives float32, TensorFlow the operands' type.
  UnsortedSegmentSum: (_, { x }) => (x as tf.TensorInfo).dtype !== 'float32',
};

/** The same tensor with other data; whatever else a kernel asks of it stays. */
const withData = <T extends tf.TensorInfo>(tensor: T, dataId: tf.DataId): T =>
  Object.create(tensor, { dataId: { value: dataId } }) as T;

/** Calls `visit` for each operand; lists, as of concat and Einsum, keep their order. */
function mapInputs(inputs: Inputs, visit: (tensor: tf.TensorInfo) => tf.TensorInfo): tf.NamedTensorInfoMap {
  const mapped = Object.entries(inputs).flatMap(([name, value]) => {
    if (value === undefined || value === null) return [];
    return [[name, Array.isArray(value) ? value.map(visit) : visit(value as tf.TensorInfo)] as const];
  });
  const list = Array.isArray(inputs) ? mapped.map(([, value]) => value) : Object.fromEntries(mapped);
  return list as unknown as tf.NamedTensorInfoMap;
}

/**
 * Makes a backend whole: kernels of TF.js's CPU backend that it lacks, that it refuses for these operands (explicit
 * padding, comparisons of truths), or that mean something else there, also for NaN, run on the host. Their operands are
 * read, the result is written back. Long sums likewise, or in two stages of which the device adds the first.
 *
 * @returns names of the kernels that it lacked
 */
export function registerHostKernels(backendName: string): readonly string[] {
  const own = new Map(tf.getKernelsForBackend(backendName).map((kernel) => [kernel.kernelName, kernel]));
  const host = new Map(
    tf
      .getKernelsForBackend('cpu')
      .map(({ kernelName, kernelFunc }) => [kernelName, withExactSums(kernelName, kernelFunc)]),
  );
  withoutAdvice(tf.findBackend('cpu'));
  const [isNaN, any] = [own.get('IsNan')?.kernelFunc, own.get('Any')?.kernelFunc];
  const holdsNaN = (x: tf.TensorInfo, device: tf.KernelBackend): boolean => {
    if (x.dtype !== 'float32' || tf.util.sizeFromShape(x.shape) === 0 || isNaN === undefined || any === undefined)
      return false;
    const marks = runOnDevice(isNaN, { inputs: { x }, backend: device }) as tf.TensorInfo;
    const axis = x.shape.map((_, index) => index);
    const found = any({ inputs: { x: marks }, attrs: { axis, keepDims: false }, backend: device }) as tf.TensorInfo;
    const result = device.readSync(found.dataId) as ArrayLike<number>;
    for (const { dataId } of [marks, found]) device.disposeData(dataId);
    return result[0] === 1;
  };
  for (const kernelName of new Set([...own.keys(), ...host.keys()])) {
    const [kernel, onHost] = [own.get(kernelName), host.get(kernelName)];
    const differs = onHost && differing[kernelName];
    const [isLong, inStages] = [hostSums[kernelName], longSums[kernelName]];
    const guarded: tf.KernelFunc = (call) => {
      const [attributes, tensors] = [call.attrs ?? {}, call.inputs as Readonly<Record<string, tf.Tensor>>];
      if (kernel === undefined || differs?.(attributes, tensors) === true || isLong?.(attributes, tensors) === true)
        return runOnHost(onHost!, call);
      const sum = inStages?.(attributes, tensors);
      if (sum !== undefined) return sum;
      const minded = operandsByKernel.get(kernelName) ?? [];
      if (onHost && minded.some((name) => holdsNaN(call.inputs[name]!, call.backend as tf.KernelBackend)))
        return runOnHost(onHost, call);
      try {
        return runOnDevice(kernel.kernelFunc, call);
      } catch (error) {
        // What is wrong for TF.js too throws there, with TF.js's own message.
        if (onHost === undefined) throw error;
        return runOnHost(onHost, call);
      }
    };
    if (kernel !== undefined) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({ ...kernel, kernelName, backendName, kernelFunc: guarded });
  }
  return [...host.keys()].filter((name) => !own.has(name));
}

type Call = Parameters<tf.KernelFunc>[0];

/**
 * A kernel of the device. Data that still lives on another backend moves here at its first use, and TF.js moves it in the
 * shape of the tensor that it was made for, not of a reshaped one that shares it: data with one owner gets that owner's
 * shape, shared data is copied for the call.
 */
function runOnDevice(kernel: tf.KernelFunc, call: Call): ReturnType<tf.KernelFunc> {
  const device = call.backend as tf.KernelBackend;
  const copies: tf.DataId[] = [];
  const settled = (tensor: tf.TensorInfo): tf.TensorInfo => {
    const { dataId, shape, dtype } = tensor;
    const made = tfjsEngine().state.tensorInfo.get(dataId);
    if (made === undefined || device.refCount(dataId) > 0) return tensor;
    if (made.backend.refCount(dataId) === 1) {
      made.shape = shape;
      return tensor;
    }
    const copy = device.write(tf.engine().readSync(dataId), shape, dtype);
    copies.push(copy);
    return withData(tensor, copy);
  };
  try {
    return kernel({ ...call, inputs: mapInputs(call.inputs, settled) });
  } finally {
    for (const dataId of copies) device.disposeData(dataId);
  }
}

/** A kernel of TF.js's CPU backend for tensors of any backend. */
function runOnHost(kernel: tf.KernelFunc, { inputs, attrs, backend }: Call): ReturnType<tf.KernelFunc> {
  const host = tf.findBackend('cpu');
  const device = backend as tf.KernelBackend;
  const copies: tf.DataId[] = [];
  const toHost = (tensor: tf.TensorInfo): tf.TensorInfo => {
    const copy = host.write(tf.engine().readSync(tensor.dataId), tensor.shape, tensor.dtype);
    copies.push(copy);
    return withData(tensor, copy);
  };
  const toDevice = ({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo => {
    const moved = { dataId: device.write(host.readSync(dataId), shape, dtype), shape, dtype };
    host.disposeData(dataId);
    return moved;
  };
  try {
    const result = kernel({ inputs: mapInputs(inputs, toHost), ...(attrs && { attrs }), backend: host });
    return Array.isArray(result) ? result.map(toDevice) : toDevice(result);
  } finally {
    for (const dataId of copies) host.disposeData(dataId);
  }
}
