import type { NdData } from '@selfsup/ssl-tensor/host';

/** Zeros of the type of `data`; bytes for a Buffer, whose constructor is deprecated. */
export function emptyLike<D extends NdData>(data: D, length: number): D {
  if (data instanceof Uint8Array) return new Uint8Array(length) as D;
  return (data instanceof Int32Array ? new Int32Array(length) : new Float32Array(length)) as D;
}
