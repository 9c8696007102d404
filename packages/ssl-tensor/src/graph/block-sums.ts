import type { Builder } from './builder.js';
import type { Value } from './value.js';

/** How many numbers to add at a time, see docs/decisions/009. */
export interface BlockLengths {
  /** A block below this length leaves too many sums; numbers are then filled up to a length that has blocks. */
  readonly shortest: number;
  /** Of neighbours in memory, which the runtime adds on several lanes. */
  readonly neighbours: Bounds;
  /** Of whole rows. */
  readonly rows: Bounds;
  /** Up to this length rows are laid side by side: on short ones the processor is slow. */
  readonly rowLength: number;
}

type Bounds = readonly [least: number, most: number];

/** Sums of blocks of `[outer, length, inner]`. */
export interface BlockSums {
  /** `[outer, parts, together * inner]` */
  readonly sums: Value;
  /** Rows of the whole that lie side by side in one of `sums`. */
  readonly together: number;
}

/** The largest divisor within bounds; the whole where that is below them. */
export function divisorOf(size: number, least: number, most: number): number | undefined {
  for (let divisor = Math.min(most, size); divisor >= Math.min(least, size); divisor--)
    if (size % divisor === 0) return divisor;
  return undefined;
}

/** `[outer, length, inner]` with zeros after the length, up to a multiple of `block`. */
function filledUp(b: Builder, x: Value, block: number): Value {
  const missing = Math.ceil(x.shape[1]! / block) * block - x.shape[1]!;
  return b.pad(x, [
    [0, 0],
    [0, missing],
    [0, 0],
  ]);
}

/** `[outer, length, inner]` to `[outer, inner]`, by the runtime's own sum. */
export function sumOfMiddle(b: Builder, x: Value): Value {
  const [outer, length, inner] = x.shape as [number, number, number];
  const shape = [outer, inner];
  if (length === 1) return b.reshape(x, shape);
  // An axis of 1 would keep the runtime from the sum that it has for rows.
  const rows = inner === 1 ? b.reshape(x, [outer, length]) : x;
  // Several threads share one product, but not one sum.
  if (b.device === 'cpu' && x.type === 'float32' && outer === 1 && inner > 1)
    return b.op('MatMul', [b.splat(1, [1, length]), b.reshape(x, [length, inner])], shape, 'float32');
  const sums = b.op('ReduceSum', [rows, b.int64([1])], shape.slice(0, rows.shape.length - 1), x.type, { keepdims: 0 });
  return b.reshape(sums, shape);
}

function sumsOfNeighbours(b: Builder, x: Value, lengths: BlockLengths): BlockSums {
  const [outer, length] = x.shape as [number, number];
  const [least, most] = lengths.neighbours;
  const block = divisorOf(length, least, most);
  if (block !== undefined) {
    const parts = length / block;
    const sums = sumOfMiddle(b, b.reshape(x, [outer * parts, block, 1]));
    return { sums: b.reshape(sums, [outer, parts, 1]), together: 1 };
  }
  const stride = divisorOf(length, lengths.shortest, least - 1);
  if (stride === undefined) return sumsOfNeighbours(b, filledUp(b, x, most), lengths);
  const parts = length / stride;
  const sums = sumOfMiddle(b, b.reshape(x, [outer, stride, parts]));
  return { sums: b.reshape(sums, [outer, parts, 1]), together: 1 };
}

/** Rows side by side, and rows of these in a block. */
function cutRows(
  length: number,
  inner: number,
  { shortest, rows: [least, most], rowLength }: BlockLengths,
): { together: number; block: number } | undefined {
  for (const fewest of [Math.ceil(most / 2), least, shortest]) {
    for (let together = Math.max(1, Math.floor(rowLength / inner)); together >= 1; together--) {
      const block = length % together === 0 ? divisorOf(length / together, fewest, most) : undefined;
      if (block !== undefined && block >= Math.min(fewest, length)) return { together, block };
    }
  }
  return undefined;
}

/** To how many rows at a time numbers are filled up, so that there are blocks and rows to lay side by side. */
const filling = (length: number, { rows: [, most], rowLength }: BlockLengths): number =>
  most * (rowLength === 1 || length < 2 ** 13 ? 1 : 16);

function sumsOfRows(b: Builder, x: Value, lengths: BlockLengths): BlockSums {
  const [outer, length, inner] = x.shape as [number, number, number];
  const cut = cutRows(length, inner, lengths);
  if (cut === undefined) return sumsOfRows(b, filledUp(b, x, filling(length, lengths)), lengths);
  const { together, block } = cut;
  const parts = length / (together * block);
  const blocks = b.reshape(x, [outer * parts, block, together * inner]);
  return { sums: b.reshape(sumOfMiddle(b, blocks), [outer, parts, together * inner]), together };
}

/**
 * Sums of short blocks along the middle axis of `[outer, length, inner]`, in one pass over memory. A length without a
 * fitting divisor is filled up with zeros, which costs a copy.
 */
export function blockSums(b: Builder, x: Value, lengths: BlockLengths): BlockSums {
  return x.shape[2] === 1 ? sumsOfNeighbours(b, x, lengths) : sumsOfRows(b, x, lengths);
}
