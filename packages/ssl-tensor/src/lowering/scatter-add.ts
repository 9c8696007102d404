import type { Builder } from '../graph/builder.js';
import { toFloat64 } from '../graph/float64.js';
import type { Value } from '../graph/value.js';

/** Rows to one place that float32 adds as well as float64. */
const few = 64;

/** `y[positions[i]] += rows[i]` in the order of `i`, starting from zeros, in the type of `rows`. */
function added(b: Builder, positions: Value, rows: Value, count: number): Value {
  const [n, width] = rows.shape as readonly [number, number];
  const isFloat64 = rows.type !== 'float32' && rows.type !== 'int32';
  const zero = isFloat64 ? toFloat64(b, b.splat(0, [count, width])) : b.splat(0, [count, width], rows.type);
  const indices = b.expand(b.reshape(b.cast(positions, 'int64'), [n, 1]), [n, width]);
  return b.op('ScatterElements', [zero, indices, rows], zero.shape, rows.type, { axis: 0, reduction: 'add' });
}

/** As {@link added}, in float64. */
const addedWide = (b: Builder, positions: Value, rows: Value, count: number): Value =>
  b.cast(added(b, positions, toFloat64(b, rows), count), 'float32');

/** For each row, the first one that goes to the same place, int32 `[n]`. */
function firstOfPlace(b: Builder, positions: Value, count: number): Value {
  const n = positions.shape[0]!;
  const whole = (value: number): Value => b.scalar(value, 'int32');
  const numbers = b.op('Range', [whole(0), whole(n), whole(1)], [n], 'int32');
  const places = b.cast(positions, 'int64');
  const firsts = b.op('ScatterElements', [b.splat(n, [count], 'int32'), places, numbers], [count], 'int32', {
    axis: 0,
    reduction: 'min',
  });
  return b.gather(firsts, positions, 0);
}

/**
 * Adds rows to a matrix of zeros at given places: `y[positions[i]] += rows[i]`, in the order of `i`.
 *
 * Where many rows may come to one place they are added in float64. A matrix of more places than rows is not made in float64:
 * rows of one place are added to the first of them, and each then writes that sum.
 *
 * ScatterElements, because the runtime's ScatterND adds on several threads without locks: where a position comes twice,
 * it loses updates, and other ones in each run.
 *
 * @param positions int32 `[n]`, each in `[0, count)`
 * @param rows `[n, width]`
 * @param most rows that come to one place at most. Default: all
 * @returns `[count, width]`
 */
export function scatterAdd(
  b: Builder,
  positions: Value,
  rows: Value,
  count: number,
  most: number = rows.shape[0]!,
): Value {
  const [n, width] = rows.shape as readonly [number, number];
  if (n === 0 || width === 0) return b.splat(0, [count, width], rows.type);
  if (rows.type !== 'float32' || Math.min(n, most) <= few) return added(b, positions, rows, count);
  if (count <= 2 * n) return addedWide(b, positions, rows, count);
  const first = firstOfPlace(b, positions, count);
  const sums = b.gather(addedWide(b, first, rows, n), first, 0);
  const places = b.reshape(b.cast(positions, 'int64'), [n, 1]);
  return b.op('ScatterND', [b.splat(0, [count, width]), places, sums], [count, width], 'float32');
}
