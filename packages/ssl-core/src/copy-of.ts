import type { NdData } from './nd-array.js';

/**
 * A copy in memory of its own. The `slice` of Node's Buffer, which is a Uint8Array by its type and what reading a file
 * gives, is no copy but a view.
 */
export function copyOf<D extends NdData>(data: D): D {
  return (data instanceof Uint8Array ? new Uint8Array(data) : data.slice()) as D;
}
