import type * as tf from '@tensorflow/tfjs-core';
import { DataError, describeValue, isNdArray, type NdArray, ShapeError } from '@selfsup/ssl-tensor/host';

/** Features on the host, in float64. */
interface HostRows {
  /** Row-major, `shape[0] * ... * shape[rank - 1]` numbers. */
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/**
 * Reads features for a diagnostic that no step needs.
 *
 * @param z a tensor or a host array
 * @param expected names of its axes, of which none may be empty
 * @throws ShapeError on another rank or an empty axis; DataError for NaN and infinities
 */
export async function hostRows(where: string, z: tf.Tensor | NdArray, expected: readonly string[]): Promise<HostRows> {
  const { shape } = z ?? {};
  if (!Array.isArray(shape))
    throw new ShapeError(where, 'z', `a tensor or an NdArray, [${expected.join(', ')}]`, describeValue(z));
  if (shape.length !== expected.length || shape.includes(0))
    throw new ShapeError(where, 'z', `[${expected.join(', ')}], none of them 0`, `[${shape.join(', ')}]`);
  const data = Float64Array.from(isNdArray(z) ? z.data : await z.data());
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) throw new DataError(`${where}: z must be finite, got ${data[bad]} at index ${bad}`);
  return { data, shape };
}
