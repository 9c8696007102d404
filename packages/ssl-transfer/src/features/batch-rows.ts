import { ShapeError, isNdArray } from '@selfsup/ssl-tensor/host';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import { emptyLike } from './empty-like.js';

/** Rows of a batch: the first axis that all its arrays share. */
export function batchRows(where: string, batch: unknown): number {
  let rows: number | undefined;
  mapRows(batch, (array) => {
    const own = array.shape[0];
    const size = array.shape.reduce((product, axis) => product * axis, 1);
    if (own === undefined || own === 0 || size !== array.data.length) {
      throw new ShapeError(
        where,
        'batch',
        '[n, ...] with n >= 1 and data to match',
        `[${array.shape.join(', ')}] with ${array.data.length} values`,
      );
    }
    if (rows !== undefined && rows !== own)
      throw new ShapeError(where, 'batch', `arrays of ${rows} rows throughout`, `${own} rows`);
    rows = own;
    return array;
  });
  if (rows === undefined) throw new ShapeError(where, 'batch', 'at least one NdArray', 'none');
  return rows;
}

/** Rebuilds nested records and arrays with `map` applied to every host array. */
export function mapRows<B>(batch: B, map: (array: NdArray) => NdArray): B {
  if (isNdArray(batch)) return map(batch) as B;
  if (Array.isArray(batch)) return batch.map((item: unknown) => mapRows(item, map)) as B;
  if (typeof batch !== 'object' || batch === null) return batch;
  return Object.fromEntries(Object.entries(batch).map(([name, item]) => [name, mapRows(item, map)])) as B;
}

/** Repeats the first row until the batch has `rows` rows, so that a compiled function sees one shape. */
export function padRows<B>(batch: B, rows: number): B {
  return mapRows(batch, ({ data, shape }) => {
    const size = data.length / shape[0]!;
    const padded = emptyLike(data, rows * size);
    padded.set(data);
    for (let row = shape[0]!; row < rows; row++) padded.set(data.subarray(0, size), row * size);
    return { data: padded, shape: [rows, ...shape.slice(1)] };
  });
}
