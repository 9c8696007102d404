import { Builder } from './builder.js';
import { Graph } from './graph.js';
import { rowsOfBlock, totalOfRows } from './long-sum.js';
import { type Value, sizeOf } from './value.js';

/** A chain of elementwise ops: what it computes must not depend on the shape of its operands. */
export type Chain = (builder: Builder, operands: readonly Value[]) => readonly Value[];

/** Elements of which a few blocks fit in a processor's cache. */
const blockSize = 2 ** 18;

/** How far rows are laid side by side, so that loops along them are long. */
const rowLength = 512;

/** Operands cut into blocks of `[rows, columns]`; a row of a block is `repeats` rows of the whole. */
interface Blocks {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly repeats: number;
}

/** `[rows, channels]` in the fewest equal blocks that fit; undefined where one does, or only slivers would. */
function cut(rows: number, channels: number): Blocks | undefined {
  let repeats = 1;
  while (channels * repeats < rowLength && rows % (repeats * 2) === 0) repeats *= 2;
  const wide = rows / repeats;
  const fewest = Math.ceil((rows * channels) / blockSize);
  if (fewest === 1) return undefined;
  for (let count = fewest; count < 4 * fewest; count++)
    if (wide % count === 0) return { count, rows: wide / count, columns: channels * repeats, repeats };
  return undefined;
}

/** The least length of a vector of `size` elements or more that {@link blockwise} cuts into equal blocks. */
export function blockwiseLength(size: number): number {
  const blocks = Math.ceil(size / blockSize);
  return blocks <= 1 ? size : Math.ceil(size / (blocks * rowLength)) * blocks * rowLength;
}

const largestOf = (operands: readonly Value[]): Value =>
  operands.reduce((largest, value) => (sizeOf(value.shape) > sizeOf(largest.shape) ? value : largest));

/**
 * A chain over operands of one shape, vectors along its last axis, and scalars. On the CPU, where the operands are too
 * large for its cache, the chain runs block by block, so that what passes between its ops stays there.
 */
export function blockwise(b: Builder, operands: readonly Value[], chain: Chain): readonly Value[] {
  const { shape } = largestOf(operands);
  const hasVectors = operands.some((value) => sizeOf(value.shape) > 1 && sizeOf(value.shape) < sizeOf(shape));
  const channels = hasVectors ? shape.at(-1)! : 1;
  const blocks = b.device === 'cpu' ? cut(sizeOf(shape) / channels, channels) : undefined;
  if (blocks === undefined) return chain(b, operands);
  const { rows, columns } = blocks;
  const wholes = scan(b, operands, blocks, [rows, columns], (body, parts) =>
    chain(body, parts).map((value) => body.expand(value, [rows, columns])),
  );
  return wholes.map((whole) => b.reshape(whole, shape));
}

/** As {@link blockwise}, each result summed over all axes but the last: `[channels]`. */
export function channelSums(b: Builder, operands: readonly Value[], chain: Chain): readonly Value[] {
  const { shape } = largestOf(operands);
  const channels = shape.at(-1)!;
  const blocks = b.device === 'cpu' ? cut(sizeOf(shape) / channels, channels) : undefined;
  if (blocks === undefined) {
    const axes = shape.map((_, axis) => axis).slice(0, -1);
    return chain(b, operands).map((value) => b.reduce('ReduceSum', b.expand(value, shape), axes, false));
  }
  const { count, rows, columns, repeats } = blocks;
  const parts = partsOf(rows);
  const partial = scan(b, operands, blocks, [parts, columns], (body, operandParts) =>
    chain(body, operandParts).map((value) => rowSums(body, body.expand(value, [rows, columns]), parts)),
  );
  return partial.map((sums) => totalOfRows(b, b.reshape(sums, [count * parts, columns]), repeats));
}

/** Into how many parts to cut the rows of a block, so that each has few enough to add in float32. */
const partsOf = (rows: number): number => rows / (rowsOfBlock(rows) ?? rows);

/** Sums of as many rows each, `[parts, columns]`: every so many rows apart, since the runtime is fastest on long ones. */
function rowSums(b: Builder, x: Value, parts: number): Value {
  const [rows, columns] = x.shape as [number, number];
  const long = b.reshape(x, [rows / parts, parts * columns]);
  return b.reshape(b.reduce('ReduceSum', long, [0], false), [parts, columns]);
}

/** Runs `chain` on every block and stacks its results, each of `resultShape`, along a new first axis. */
function scan(
  b: Builder,
  operands: readonly Value[],
  { count, rows, columns, repeats }: Blocks,
  resultShape: readonly number[],
  chain: Chain,
): readonly Value[] {
  const body = new Graph('body_');
  const elements = count * rows * columns;
  const cuts = operands.map((operand): { whole: Value; part: readonly number[] } => {
    const size = sizeOf(operand.shape);
    if (size === elements) return { whole: b.reshape(operand, [count, rows, columns]), part: [rows, columns] };
    if (size === 1) return { whole: b.expand(b.reshape(operand, [1]), [count]), part: [] };
    const row = b.concat(
      Array.from({ length: repeats }, () => b.reshape(operand, [size])),
      0,
    );
    return { whole: b.expand(b.reshape(row, [1, columns]), [count, columns]), part: [columns] };
  });
  const parts = cuts.map(({ part }, index) => body.input(`body_x${index}`, part, operands[index]!.type));
  const results = chain(new Builder(body, b.device), parts);
  return b.graph.nodes(
    'Scan',
    cuts.map(({ whole }) => whole),
    results.map(({ type }) => ({ shape: [count, ...resultShape], type })),
    { num_scan_inputs: operands.length, body: { body: body.asBody(results) } },
  );
}
