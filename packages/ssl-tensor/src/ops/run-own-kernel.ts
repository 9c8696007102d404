import * as tf from '@tensorflow/tfjs-core';
import type { OwnKernelName } from '../lowering/kernel-name.js';

/**
 * Runs a kernel of our own, which exists inside compile() only. A name that the lowering table does not have is a type
 * error.
 */
export function runOwnKernel<T extends tf.Tensor | tf.Tensor[]>(
  kernel: OwnKernelName,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attributes: tf.NamedAttrMap = {},
): T {
  return tf.engine().runKernel<T>(kernel, inputs, attributes);
}
