/**
 * Rows of a queue: whole batches, of no more than half of the pictures, so that a picture does not meet an older self of
 * its own, but one batch at least.
 */
export const queueRows = (
  { count, batchSize }: { readonly count: number; readonly batchSize: number },
  most: number,
): number => batchSize * Math.max(1, Math.floor(Math.min(most, count / 2) / batchSize));
