import type { Builder } from '../graph/builder.js';
import { sizeOf, type Value } from '../graph/value.js';
import { productInParts, sumOfParts } from './product-in-parts.js';

/** Rows of one part: of these lengths the runtime is fastest, one part per thread at a time. */
const partLength = { least: 384, most: 2048, best: 1024 } as const;

/** Results of so many numbers are few beside the operands that they are made of, and so are those of the parts. */
const fewResults = 2 ** 16;

/** So many rows are added in parts whatever their number: on `webgpu`, which adds them in one chain, and elsewhere. */
const manyRows = { webgpu: 256, others: 2 ** 15 } as const;

/** The divisor of `rows` nearest to the best length, or undefined where there is none, or too few parts. */
function partOf(rows: number): number | undefined {
  let chosen: number | undefined;
  for (let length = partLength.least; length <= Math.min(partLength.most, rows / 4); length++) {
    if (rows % length !== 0) continue;
    const off = Math.abs(Math.log(length / partLength.best));
    if (chosen === undefined || off < Math.abs(Math.log(chosen / partLength.best))) chosen = length;
  }
  return chosen;
}

/**
 * `x` transposed times `y`, summed over many rows, `[..., rows, m]` and `[..., rows, n]` to `[..., m, n]`: the gradient
 * of weights.
 *
 * The runtime transposes the left operand on the way, and splits the work along the result alone, which is small. Here
 * parts of the rows are products of their own, and the narrower operand is the one that is transposed.
 */
export function productOverRows(b: Builder, x: Value, y: Value): Value {
  const [rows, m] = x.shape.slice(-2) as [number, number];
  const batch = x.shape.slice(0, -2);
  const n = y.shape.at(-1)!;
  const part = b.device === 'cpu' ? partOf(rows) : undefined;
  if (part === undefined) {
    const isOnGpu = b.device === 'webgpu';
    if (rows <= (isOnGpu ? manyRows.webgpu : manyRows.others)) return b.matMul(x, y, true, false);
    const [left, right] = [
      { value: x, width: m, innerLast: false },
      { value: y, width: n, innerLast: false },
    ];
    return productInParts(b, left, right, isOnGpu ? manyRows.webgpu : partLength.best);
  }
  const parts = (value: Value): Value => b.reshape(value, [...batch, rows / part, part, value.shape.at(-1)!]);
  const [left, right] = n < m ? [y, x] : [x, y];
  const products = b.matMul(parts(left), parts(right), true, false);
  const sum =
    sizeOf([...batch, m, n]) <= fewResults
      ? sumOfParts(b, products, batch.length)
      : b.reduce('ReduceSum', products, [batch.length], false);
  const swapped = [...batch.keys(), batch.length + 1, batch.length];
  return n < m ? b.transpose(sum, swapped) : sum;
}
