import { InvalidOptionError, ShapeError, UnsupportedOpError } from '@selfsup/ssl-core';
import type { Builder } from '../graph/builder.js';
import { Graph } from '../graph/graph.js';
import { sameShape, sizeOf, type Value } from '../graph/value.js';
import { beyondIfNegative } from './gather.js';
import { input, type KernelInputs, type RuleTable } from './rule.js';
import { scatterAdd } from './scatter-add.js';

/** Sums `rows` into a zero tensor of `segments` rows at `ids` (any shape that prefixes `rows`); ids outside are dropped, as TF.js does. */
export function segmentSum(b: Builder, rows: Value, ids: Value, segments: number): Value {
  const inner = rows.shape.slice(ids.shape.length);
  const count = sizeOf(ids.shape);
  const flat = b.reshape(rows, [count, ...inner]);
  const column = b.reshape(ids, [count]);
  const zero32 = b.scalar(0, 'int32');
  const valid = b.binary(
    'And',
    b.binary('GreaterOrEqual', column, zero32, 'bool'),
    b.binary('Less', column, b.scalar(segments, 'int32'), 'bool'),
    'bool',
  );
  const kept = b.where(b.reshape(valid, [count, ...inner.map(() => 1)]), flat, b.scalar(0, rows.type));
  const width = sizeOf(inner);
  const sums = scatterAdd(b, b.where(valid, column, zero32), b.reshape(kept, [count, width]), segments);
  return b.reshape(sums, [segments, ...inner]);
}

/** Segment ids as numbers: the last one says how many rows the result has. */
function knownIds(kernel: string, { indices, segmentIds }: KernelInputs): number[] {
  if (!sameShape(indices!.shape, segmentIds!.shape))
    throw new ShapeError(kernel, 'segmentIds', `[${indices!.shape.join(', ')}]`, `[${segmentIds!.shape.join(', ')}]`);
  if (sizeOf(segmentIds!.shape) === 0) return [];
  const contents = Graph.contents(segmentIds!);
  if (contents === undefined)
    throw new UnsupportedOpError(
      kernel,
      'has a result whose shape depends on the values of segmentIds',
      'Make segmentIds a constant, or use tf.gather and tf.unsortedSegmentSum',
    );
  const ids = Array.from(contents, Number);
  if (ids[0]! < 0 || ids.some((id, index) => index > 0 && id < ids[index - 1]!))
    throw new InvalidOptionError(kernel, 'segmentIds', 'non-negative and in ascending order', ids.join(', '));
  return ids;
}

/** Sums the rows of `data` at `indices` by segment, and says how many there were in each. */
function sparseSegmentSum(
  b: Builder,
  kernel: string,
  inputs: KernelInputs,
): { readonly sums: Value; readonly counts: readonly number[] } {
  const data = input(inputs, 'data');
  if (data.type === 'bool') throw new InvalidOptionError(kernel, 'data', 'float32 or int32', data.type);
  const counts: number[] = [];
  for (const id of knownIds(kernel, inputs)) counts[id] = (counts[id] ?? 0) + 1;
  const rows = b.gather(data, beyondIfNegative(b, input(inputs, 'indices'), data.shape[0]!), 0);
  return {
    sums: segmentSum(b, rows, input(inputs, 'segmentIds'), counts.length),
    counts: Array.from(counts, (count) => count ?? 0),
  };
}

/** Sums and means over segments of rows. */
export const segmentRules = {
  // TF.js's CPU backend sums in float32 whatever the dtype.
  UnsortedSegmentSum: (b, inputs, { numSegments }) =>
    segmentSum(b, b.cast(input(inputs, 'x'), 'float32'), input(inputs, 'segmentIds'), numSegments as number),
  SparseSegmentSum: (b, inputs) => sparseSegmentSum(b, 'SparseSegmentSum', inputs).sums,
  SparseSegmentMean: (b, inputs) => {
    const { sums, counts } = sparseSegmentSum(b, 'SparseSegmentMean', inputs);
    const divisors = counts.map((count) => Math.max(1, count));
    const shape = [counts.length, ...sums.shape.slice(1).map(() => 1)];
    const data = sums.type === 'int32' ? Int32Array.from(divisors) : Float32Array.from(divisors);
    return b.div(sums, b.constant(data, shape, sums.type));
  },
} satisfies RuleTable;
