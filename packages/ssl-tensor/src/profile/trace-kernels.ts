import type * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-core';
import { registerSslBackend } from '../backend/register-backend.js';
import { settled } from '../compile/compile.js';
import { recordFunction } from '../compile/run-trace.js';

/** One call of a TF.js kernel. */
export interface KernelCall {
  /** Such as `Conv2D`. */
  readonly kernel: string;
  /** Shapes by the kernel's names of its inputs, such as `x` and `filter`. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: readonly (readonly number[])[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * Calls of kernels that a function makes, without computing them: what operations are counted from. The function runs once,
 * as `compile()` traces it; what it assigns is undone.
 *
 * @param fn of float32 tensors
 * @param shapes of its inputs
 * @param onCall told of each call, in their order, before the function goes on
 * @throws UnsupportedOpError as compile(); ShapeError for shapes that are not of positive integers
 */
export async function traceKernels(
  fn: (...inputs: tf.Tensor[]) => unknown,
  shapes: readonly (readonly number[])[],
  onCall: (call: KernelCall) => void,
): Promise<void> {
  if (typeof fn !== 'function') throw new InvalidOptionError('traceKernels', 'fn', 'a function of tensors', fn);
  if (typeof onCall !== 'function') throw new InvalidOptionError('traceKernels', 'onCall', 'a function', onCall);
  const isShape = (shape: unknown): boolean =>
    Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size > 0);
  if (!Array.isArray(shapes) || !shapes.every(isShape))
    throw new ShapeError(
      'traceKernels',
      'shapes',
      'lists of positive integers, such as [[1, 224, 224, 3]]',
      JSON.stringify(shapes),
    );
  // What compiled functions still have to assign comes first.
  await settled();
  const leaves = shapes.map((shape) => ({ shape, type: 'float32' }) as const);
  recordFunction(registerSslBackend(), 'portable', leaves, (tensors) => fn(...tensors), undefined, onCall);
}
