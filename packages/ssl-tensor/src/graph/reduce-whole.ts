import type { Builder } from './builder.js';
import { sizeOf, type Value } from './value.js';

/** What int32 holds as a sum of truths and bytes, whatever they are. */
const smallOperands = 2 ** 23;

/**
 * Sum or product of int32 modulo 2^32, as two's complement has it; undefined where the runtime's own is that. The runtime's
 * sum and product of int32 end at the largest integer.
 */
export function reduceWhole(
  b: Builder,
  op: string,
  x: Value,
  axes: readonly number[],
  shape: readonly number[],
): Value | undefined {
  if (x.type !== 'int32' || (op !== 'ReduceSum' && op !== 'ReduceProd')) return undefined;
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  // Of nothing, the product is 1.
  if (op === 'ReduceProd' && count === 0) return b.splat(1, shape, 'int32');
  if (op === 'ReduceProd') return b.reshape(product(b, x, axes, count), shape);
  const source = x.producer?.op === 'Cast' ? x.producer.inputs[0]!.type : x.type;
  // WebGPU has no int64, and its sums are modulo 2^32.
  if (b.device === 'webgpu' || ((source === 'bool' || source === 'uint8') && count < smallOperands)) return undefined;
  const total = b.op('ReduceSum', [b.cast(x, 'int64'), b.int64(axes)], shape, 'int64', {
    keepdims: Number(shape.length === x.shape.length),
  });
  return b.cast(total, 'int32');
}

/** Products of halves, until there is one: products of two integers are modulo 2^32. */
function product(b: Builder, x: Value, axes: readonly number[], count: number): Value {
  const rest = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const width = sizeOf(x.shape) / count;
  let rows = b.reshape(b.transpose(x, [...axes, ...rest]), [count, width]);
  for (let left = count; left > 1; left = Math.ceil(left / 2)) {
    const half = Math.floor(left / 2);
    const products = b.mul(b.slice(rows, [0, 0], [half, width]), b.slice(rows, [half, 0], [2 * half, width]));
    rows = left % 2 === 0 ? products : b.concat([products, b.slice(rows, [2 * half, 0], [left, width])], 0);
  }
  return rows;
}
