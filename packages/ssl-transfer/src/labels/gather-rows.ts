import { InvalidOptionError, isNdArray, ShapeError } from '@selfsup/ssl-tensor/host';
import type { NdArray, NdData } from '@selfsup/ssl-tensor/host';
import { emptyLike } from '../features/empty-like.js';

/**
 * Rows of an array, in the order asked for, as a new array.
 *
 * @param array `[n, ...]`
 * @param indexes `[m]`, each in `[0, n)`; may repeat
 * @returns `[m, ...]`
 * @throws ShapeError for a scalar or an index out of range; InvalidOptionError for indexes that are no array
 */
export function gatherRows<D extends NdData>(array: NdArray<D>, indexes: ArrayLike<number>): NdArray<D> {
  if (!isNdArray(array)) throw new InvalidOptionError('gatherRows', 'array', 'an NdArray [n, ...]', array);
  const [rows, ...rest] = array.shape;
  if (rows === undefined) throw new ShapeError('gatherRows', 'array', '[n, ...]', 'a scalar');
  const size = rest.reduce((product, axis) => product * axis, 1);
  if (typeof (indexes as ArrayLike<number> | undefined)?.length !== 'number')
    throw new InvalidOptionError('gatherRows', 'indexes', 'an array of numbers', indexes);
  const data = emptyLike(array.data, indexes.length * size);
  for (let i = 0; i < indexes.length; i++) {
    const row = indexes[i]!;
    if (!(Number.isInteger(row) && row >= 0 && row < rows)) {
      throw new ShapeError('gatherRows', `indexes[${i}]`, `an integer in 0 .. ${rows - 1}`, String(row));
    }
    data.set(array.data.subarray(row * size, (row + 1) * size), i * size);
  }
  return { data, shape: [indexes.length, ...rest] };
}
