import * as tf from '@tensorflow/tfjs-core';
import { isNdArray } from '../nd-array.js';
import type { CompiledFunction, CompileOptions } from './compiled-types.js';

function materialise(value: unknown): unknown {
  if (isNdArray(value)) {
    return tf.tensor(value.data instanceof Uint8Array ? Int32Array.from(value.data) : value.data, [...value.shape], value.data instanceof Float32Array ? 'float32' : 'int32');
  }
  if (value instanceof tf.Tensor || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(materialise);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, materialise(item)]));
}

/** Stub that runs eagerly; the recording engine replaces it. */
export function compile<A extends readonly unknown[], R>(fn: (...args: A) => R, _options: CompileOptions = {}): CompiledFunction<A, R> {
  const call = async (...args: readonly unknown[]): Promise<R> => tf.tidy(() => fn(...(args.map(materialise) as unknown as A)) as never) as R;
  return Object.assign(call, { dispose() {}, traces: 0 }) as unknown as CompiledFunction<A, R>;
}
