import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/**
 * Adds rows to a matrix of zeros at given places: `y[positions[i]] += rows[i]`, in the order of `i`.
 *
 * ScatterElements, because the runtime's ScatterND adds on several threads without locks: where a position comes twice,
 * it loses updates, and other ones in each run.
 *
 * @param positions int32 `[n]`, each in `[0, count)`
 * @param rows `[n, width]`
 * @returns `[count, width]`
 */
export function scatterAdd(b: Builder, positions: Value, rows: Value, count: number): Value {
  const [n, width] = rows.shape as readonly [number, number];
  const zero = b.splat(0, [count, width], rows.type);
  if (n === 0 || width === 0) return zero;
  const indices = b.expand(b.reshape(b.cast(positions, 'int64'), [n, 1]), [n, width]);
  return b.op('ScatterElements', [zero, indices, rows], zero.shape, rows.type, { axis: 0, reduction: 'add' });
}
