/** Zeroed bytes that worker threads can see without a copy. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** The same numbers in shared memory; returns the argument if they already are. */
export function sharedIntegers(values: ArrayLike<number>): Int32Array {
  if (values instanceof Int32Array && values.buffer instanceof SharedArrayBuffer) return values;
  const shared = new Int32Array(new SharedArrayBuffer(values.length * 4));
  shared.set(values);
  return shared;
}

/** The same bytes in shared memory; returns the argument if they already are. */
export function toSharedBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = sharedBytes(bytes.length);
  shared.set(bytes);
  return shared;
}
