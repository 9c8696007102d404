import * as tf from '@tensorflow/tfjs-core';
import { mapTensors } from '../compile/tensor-tree.js';
import { copyOf, isNdArray, type NdArray } from '@selfsup/ssl-core';
import { loadTensorflow, tensorflowBackend } from './load-tensorflow.js';

/** A host array as a tensor; bytes are int32 there, as in compiled functions. */
function tensorOf({ data, shape }: NdArray): tf.Tensor {
  return data instanceof Float32Array
    ? tf.tensor(data, [...shape], 'float32')
    : tf.tensor(Int32Array.from(data), [...shape], 'int32');
}

function withTensors(value: unknown): unknown {
  if (isNdArray(value)) return tensorOf(value);
  if (Array.isArray(value)) return value.map(withTensors);
  if (value instanceof tf.Tensor || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTensors(item)]));
}

/** Arguments as they are at a call that may have to wait: copies of arrays and of tensors that are no variables. */
export function holdArguments(args: readonly unknown[]): {
  readonly values: readonly unknown[];
  readonly release: () => void;
} {
  const copies: tf.Tensor[] = [];
  const hold = (value: unknown): unknown => {
    if (isNdArray(value)) return { data: copyOf(value.data), shape: value.shape };
    if (value instanceof tf.Tensor) {
      if (value instanceof tf.Variable) return value;
      const copy = tf.keep(tf.tensor(value.dataSync().slice(), value.shape, value.dtype));
      copies.push(copy);
      return copy;
    }
    if (Array.isArray(value)) return value.map(hold);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hold(item)]));
  };
  return { values: args.map(hold), release: () => tf.dispose(copies) };
}

/**
 * Runs a function op by op on tfjs-node, for the device `tensorflow`. Variables move there when it first uses them, and
 * stay; TF.js's current backend is what it was afterwards.
 *
 * @param args as of compiled functions: host arrays stand for tensors
 * @returns new tensors, also where the function gives back an argument or a variable
 * @throws DeviceError without tfjs-node
 */
export async function runEagerly<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  args: readonly unknown[],
): Promise<R> {
  await loadTensorflow();
  const outer = tf.getBackend();
  // At once, so that nobody else's code runs in between: both are made already.
  void tf.setBackend(tensorflowBackend);
  try {
    return tf.tidy(() => {
      const result = fn(...(args.map(withTensors) as unknown as A));
      return mapTensors(result, (tensor) => tensor.clone()) as tf.TensorContainer;
    }) as R;
  } finally {
    void tf.setBackend(outer);
  }
}
