import { checkCount } from '@selfsup/ssl-tensor/host';
import { batchRows, mapRows } from './batch-rows.js';

/**
 * Cuts arrays into batches along their first axis, in order; the last batch may be smaller.
 *
 * @param data an `NdArray [n, ...]`, or a record or array of them with the same n
 * @param batchSize rows of a batch
 * @throws ShapeError where the arrays differ in n; InvalidOptionError for `batchSize`
 */
export function* inBatches<B>(data: B, batchSize: number): Generator<B> {
  checkCount('inBatches', { batchSize });
  const rows = batchRows('inBatches', data);
  for (let first = 0; first < rows; first += batchSize) {
    const count = Math.min(batchSize, rows - first);
    yield mapRows(data, (array) => {
      const size = array.data.length / rows;
      return {
        data: array.data.subarray(first * size, (first + count) * size),
        shape: [count, ...array.shape.slice(1)],
      };
    });
  }
}
