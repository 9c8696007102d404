import type { NdArray } from '@selfsup/ssl-tensor/host';

/** Whether two arrays have the same shape and the same numbers; NaN is the same as NaN, 0 is not -0. */
export function sameValues(a: NdArray, b: NdArray): boolean {
  if (a.data.length !== b.data.length || a.shape.join() !== b.shape.join()) return false;
  if (a.data === b.data) return true;
  for (let index = 0; index < a.data.length; index++) if (!Object.is(a.data[index], b.data[index])) return false;
  return true;
}
