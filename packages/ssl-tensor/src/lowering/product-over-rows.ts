import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/** Rows of one part: of these lengths the runtime is fastest, one part per thread at a time. */
const partLength = { least: 384, most: 2048, best: 1024 } as const;

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
  if (part === undefined) return b.matMul(x, y, true, false);
  const parts = (value: Value): Value => b.reshape(value, [...batch, rows / part, part, value.shape.at(-1)!]);
  const [left, right] = n < m ? [y, x] : [x, y];
  const sum = b.reduce('ReduceSum', b.matMul(parts(left), parts(right), true, false), [batch.length], false);
  const swapped = [...batch.keys(), batch.length + 1, batch.length];
  return n < m ? b.transpose(sum, swapped) : sum;
}
