/** Element types that a host array can hold. Inside compile(), `uint8` arrives as an `int32` tensor. */
export type NdData = Float32Array | Int32Array | Uint8Array;

/**
 * A dense array on the host, row-major: what datasets, loaders and feature extractors pass around, and what a
 * compiled function takes in place of a tensor.
 */
export interface NdArray<D extends NdData = NdData> {
  readonly data: D;
  readonly shape: readonly number[];
}

/** Builds an {@link NdArray}; throws nothing and copies nothing. */
export function ndArray<D extends NdData>(data: D, shape: readonly number[]): NdArray<D> {
  return { data, shape };
}

/** True for a value of the form of {@link NdArray}. */
export function isNdArray(value: unknown): value is NdArray {
  if (typeof value !== 'object' || value === null) return false;
  const { data, shape } = value as { data?: unknown; shape?: unknown };
  return (
    Array.isArray(shape) && (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)
  );
}
