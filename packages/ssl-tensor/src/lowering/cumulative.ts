import type { Builder } from '../graph/builder.js';
import { toFloat64 } from '../graph/float64.js';
import { sizeOf, type Value } from '../graph/value.js';

/** How a cumulative op runs along its axis. */
export interface Direction {
  readonly axis: number;
  /** Without the element itself. */
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** Numbers that are added one after the other in float32. */
const block = 64;

/** The runtime's cumulative sum. */
function running(b: Builder, x: Value, { axis, exclusive, reverse }: Direction): Value {
  const place = b.graph.constant(BigInt64Array.of(BigInt(axis)), [], 'int64');
  return b.op('CumSum', [x, place], x.shape, x.type, { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 });
}

/**
 * Cumulative sum along an axis. The runtime adds one number after the other in float32; long axes are summed in blocks, on
 * top of the sums of the blocks before, which are added in float64.
 */
export function cumulativeSum(b: Builder, x: Value, direction: Direction): Value {
  const { axis } = direction;
  const length = x.shape[axis]!;
  if (x.type !== 'float32' || length <= block) return running(b, x, direction);
  if (length % block !== 0) return b.cast(running(b, toFloat64(b, x), direction), 'float32');
  const [outer, inner] = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis + 1))];
  const blocks = b.reshape(x, [outer, length / block, block, inner]);
  const sums = toFloat64(b, b.reduce('ReduceSum', blocks, [2], true));
  const before = b.cast(running(b, sums, { ...direction, axis: 1, exclusive: true }), 'float32');
  return b.reshape(b.add(running(b, blocks, { ...direction, axis: 2 }), before), x.shape);
}

/** `x` moved along `axis` by `distance`, ones in its place; towards the start when `reverse`. */
function shifted(b: Builder, x: Value, axis: number, distance: number, reverse: boolean): Value {
  const along = (value: number, otherwise: readonly number[]): number[] =>
    otherwise.map((size, index) => (index === axis ? value : size));
  const length = x.shape[axis]!;
  const by = Math.min(distance, length);
  const isNumber = x.type === 'int32' || x.type === 'float32';
  const fill = b.splat(1, along(by, x.shape), isNumber ? x.type : 'float32');
  const ones = isNumber ? fill : toFloat64(b, fill);
  const zeros = x.shape.map(() => 0);
  return reverse
    ? b.concat([b.slice(x, along(by, zeros), x.shape), ones], axis)
    : b.concat([ones, b.slice(x, zeros, along(length - by, x.shape))], axis);
}

/**
 * Cumulative product in log2(length) passes (Hillis & Steele 1986, "Data parallel algorithms"), of floats in float64: every
 * pass squares the error of the one before.
 */
export function cumulativeProduct(b: Builder, x: Value, { axis, exclusive, reverse }: Direction): Value {
  const length = x.shape[axis]!;
  if (sizeOf(x.shape) === 0) return x;
  const wide = x.type === 'float32' ? toFloat64(b, x) : x;
  let products = exclusive ? shifted(b, wide, axis, 1, reverse) : wide;
  for (let distance = 1; distance < length; distance *= 2)
    products = b.mul(products, shifted(b, products, axis, distance, reverse));
  return b.cast(products, x.type);
}
