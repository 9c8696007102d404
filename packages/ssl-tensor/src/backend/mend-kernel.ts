import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

/** A kernel call on TF.js's CPU backend, or on ours, which keeps values as it does. */
export interface KernelCall {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: MathBackendCPU;
}

export type Kernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/** The elements of an operand or a result. */
export function valuesOf(backend: MathBackendCPU, { dataId }: tf.TensorInfo): ArrayLike<number> & Iterable<number> {
  return backend.readSync(dataId) as Float32Array | Int32Array | Uint8Array;
}

/** For what a kernel has been mended already. */
const made = new WeakMap<object, ReadonlySet<string>>();

/**
 * Puts a kernel in the place of one of TF.js's CPU backend, unless that has been done.
 *
 * @param purpose what is mended: a kernel may be mended for several
 */
export function mendKernel(kernelName: string, purpose: string, mend: (kernel: Kernel) => Kernel): void {
  const { kernelFunc, ...config } = tf.getKernel(kernelName, 'cpu');
  const done = made.get(kernelFunc) ?? new Set<string>();
  if (done.has(purpose)) return;
  const mended = mend(kernelFunc as unknown as Kernel);
  made.set(mended, new Set([...done, purpose]));
  tf.unregisterKernel(kernelName, 'cpu');
  tf.registerKernel({ ...config, kernelFunc: mended as unknown as tf.KernelFunc });
}
