import type { Builder } from './builder.js';
import type { Value } from './value.js';

/**
 * `[rows, columns]` to `[columns]`, or undefined where the runtime's own reduction is as good. It is slow down columns:
 * sums are products with a row of ones instead, and rows are first laid side by side until the inner loop is long.
 */
export function reduceRows(b: Builder, op: string, x: Value): Value | undefined {
  const [rows, columns] = x.shape as [number, number];
  const isSum = op === 'ReduceSum' || op === 'ReduceMean';
  if (x.type !== 'float32' || op === 'ReduceProd' || rows * columns < 16_384) return undefined;
  let block = 1;
  while (columns * block < 4096 && block * 2 < rows && (rows / block) % 2 === 0) block *= 2;
  if (block === 1 && !isSum) return undefined;
  const down = (matrix: Value): Value => {
    const [height, width] = matrix.shape as [number, number];
    return isSum
      ? b.op('MatMul', [b.splat(1, [1, height]), matrix], [1, width], 'float32')
      : b.op(op, [matrix, b.int64([0])], [1, width], 'float32', {
          keepdims: 1,
        });
  };
  const partial = block === 1 ? x : b.reshape(down(b.reshape(x, [rows / block, block * columns])), [block, columns]);
  const total = down(partial);
  return op === 'ReduceMean' ? b.mul(total, b.scalar(1 / rows)) : total;
}
