import type { Builder } from './builder.js';
import type { Value } from './value.js';

/** From this many rows on, the runtime's own sum, one row after the other, loses more than a product does. */
const fewRows = 32;

/**
 * `[rows, columns]` to `[columns]`, or undefined where the runtime's own reduction is as good. It is slow down columns:
 * sums, of few rows since {@link longSum} has the others, are products with a row of ones instead, and for maxima and minima
 * rows are first laid side by side until the inner loop is long.
 */
export function reduceRows(b: Builder, op: string, x: Value): Value | undefined {
  const [rows, columns] = x.shape as [number, number];
  if (x.type !== 'float32' || op === 'ReduceProd') return undefined;
  const isLarge = rows * columns >= 16_384;
  if (op === 'ReduceSum' || op === 'ReduceMean') {
    if (!isLarge && rows <= fewRows) return undefined;
    const total = b.op('MatMul', [b.splat(1, [1, rows]), x], [1, columns], 'float32');
    return op === 'ReduceMean' ? b.mul(total, b.scalar(1 / rows)) : total;
  }
  let block = 1;
  while (columns * block < 4096 && block * 2 < rows && (rows / block) % 2 === 0) block *= 2;
  if (!isLarge || block === 1) return undefined;
  const down = (matrix: Value): Value =>
    b.op(op, [matrix, b.int64([0])], [1, matrix.shape[1]!], 'float32', { keepdims: 1 });
  return down(b.reshape(down(b.reshape(x, [rows / block, block * columns])), [block, columns]));
}
