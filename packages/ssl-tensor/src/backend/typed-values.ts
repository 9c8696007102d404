import type { BackendValues } from '@tensorflow/tfjs-core';
import type { HostData, ValueType } from '../graph/value.js';

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/**
 * TF.js values as the array that an element type calls for. TF.js keeps plain arrays for scalars and, where a cast loses
 * nothing, int32 arrays under float32 tensors. Returns the array itself where it fits.
 */
export function typedValues(values: BackendValues, type: ValueType): HostData {
  const constructor = arrays[type as 'float32' | 'int32' | 'bool'];
  return values instanceof constructor ? values : constructor.from(values as ArrayLike<number>);
}
