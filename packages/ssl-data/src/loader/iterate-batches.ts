import { checkCount, InvalidOptionError, type NdArray, type NdData, ShapeError } from '@selfsup/ssl-core';

/** Named arrays with the same first axis. */
export type ArrayRecord = Readonly<Record<string, NdArray>>;

/**
 * Cuts arrays into batches along the first axis, in order, the last one shorter; without copies.
 *
 * @param arrays each `[n, ...]`
 * @param batchSize rows per batch
 * @returns records of arrays `[batch, ...]` that share memory with the input
 * @throws InvalidOptionError, ShapeError when the first axes differ
 */
export function* iterateBatches<R extends ArrayRecord>(arrays: R, batchSize: number): Generator<R, void, undefined> {
  checkCount('iterateBatches', { batchSize });
  const entries = Object.entries(arrays);
  const count = entries[0]?.[1].shape[0];
  if (count === undefined)
    throw new InvalidOptionError(
      'iterateBatches',
      'arrays',
      'a record of at least one array of rank 1 or more',
      `{ ${Object.keys(arrays).join(', ')} }`,
    );
  for (const [name, array] of entries) {
    if (array.shape[0] !== count)
      throw new ShapeError(
        'iterateBatches',
        name,
        `[${count}, ...] as the other arrays`,
        `[${array.shape.join(', ')}]`,
      );
  }
  for (let start = 0; start < count; start += batchSize) {
    const end = Math.min(count, start + batchSize);
    yield Object.fromEntries(entries.map(([name, array]) => [name, rows(array, start, end)])) as R;
  }
}

function rows({ data, shape }: NdArray, start: number, end: number): NdArray {
  const stride = shape.slice(1).reduce((product, side) => product * side, 1);
  const part: NdData = data.subarray(start * stride, end * stride);
  return { data: part, shape: [end - start, ...shape.slice(1)] };
}
