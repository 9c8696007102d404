import { isNdArray } from '@selfsup/ssl-tensor/host';

/** Length of the first axis of a batch's first array. */
export function sampleCount(batch: unknown): number {
  if (isNdArray(batch)) return batch.shape[0] ?? 0;
  if (typeof batch !== 'object' || batch === null) return 0;
  for (const item of Object.values(batch)) {
    const count = sampleCount(item);
    if (count > 0) return count;
  }
  return 0;
}
