import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/** A number that grows with the batch: `factor * batch + offset`. */
export interface Size {
  readonly factor: number;
  readonly offset: number;
}

/** The line through numbers at the batch sizes, integers throughout; undefined where there is none. */
export function sizeThrough(numbers: readonly number[], batches: readonly number[]): Size | undefined {
  const factor = batches.length < 2 ? 0 : (numbers[1]! - numbers[0]!) / (batches[1]! - batches[0]!);
  const offset = numbers[0]! - factor * batches[0]!;
  const fits = numbers.every((number, index) => number === factor * batches[index]! + offset);
  return fits && Number.isInteger(factor) && Number.isInteger(offset) ? { factor, offset } : undefined;
}

/** The lines through the elements of vectors of one length. */
export function sizesThrough(vectors: readonly (readonly number[])[], batches: readonly number[]): Size[] | undefined {
  const [first] = vectors as readonly [readonly number[]];
  if (vectors.some(({ length }) => length !== first.length)) return undefined;
  const sizes = first.map((_, index) =>
    sizeThrough(
      vectors.map((vector) => vector[index]!),
      batches,
    ),
  );
  return sizes.every((size) => size !== undefined) ? sizes : undefined;
}

export const isFixed = ({ factor }: Size): boolean => factor === 0;

/** A size for a reader: `batch`, `64*batch`. */
export function sizeText({ factor, offset }: Size, batch: string): number | string {
  if (factor === 0) return offset;
  const grown = factor === 1 ? batch : `${factor}*${batch}`;
  return offset === 0 ? grown : `${grown}${offset > 0 ? '+' : ''}${offset}`;
}

/**
 * Sizes as an int64 vector that the runtime computes.
 *
 * @param input whose first axis is the batch
 */
export function sizeVector(b: Builder, input: Value, sizes: readonly Size[]): Value {
  const offsets = sizes.map(({ offset }) => offset);
  if (sizes.every(isFixed)) return b.int64(offsets);
  const batch = b.op('Shape', [input], [1], 'int64', { start: 0, end: 1 });
  const factors = sizes.map(({ factor }) => factor);
  const grown =
    sizes.length === 1 && factors[0] === 1 ? batch : b.op('Mul', [batch, b.int64(factors)], [sizes.length], 'int64');
  return offsets.every((offset) => offset === 0) ? grown : b.op('Add', [grown, b.int64(offsets)], grown.shape, 'int64');
}
