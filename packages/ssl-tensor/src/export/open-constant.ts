import type { Builder } from '../graph/builder.js';
import { Graph } from '../graph/graph.js';
import { type HostData, sameShape, type Value } from '../graph/value.js';
import { isFixed, type Size, sizesThrough, sizeThrough, sizeVector } from './batch-size.js';

/** Constants of one operand of a node, as they were at several batch sizes. */
interface Constants {
  readonly values: readonly Value[];
  readonly batches: readonly number[];
  /** Whose first axis is the batch. */
  readonly input: Value;
}

const numbersOf = (value: Value): readonly number[] => Array.from(Graph.contents(value)!, Number);

function isSame(a: Value, b: Value): boolean {
  if (!sameShape(a.shape, b.shape) || a.type !== b.type) return false;
  if (a.splat !== undefined && b.splat !== undefined) return Object.is(a.splat, b.splat);
  const [left, right] = [Graph.contents(a)!, Graph.contents(b)!] as [Float32Array, Float32Array];
  return left.every((element, index) => Object.is(element, right[index]));
}

/**
 * What stands for a constant that was another at another batch size, where it can be computed of the batch size: sizes, as
 * Reshape and Expand take them, tables of equal rows, and numbers in equal steps.
 *
 * @returns the constant itself where it is always the same; undefined where it cannot be computed
 */
export function openConstant(b: Builder, constants: Constants): Value | undefined {
  const { values, batches, input } = constants;
  const [first] = values as readonly [Value];
  const fixed = (value: Value): Value =>
    value.splat === undefined
      ? b.constant(value.constant!, value.shape, value.type)
      : b.splat(value.splat, value.shape, value.type);
  if (values.every((value) => isSame(value, first))) return fixed(first);
  const shape = sizesThrough(
    values.map((value) => value.shape),
    batches,
  );
  if (shape === undefined) return undefined;
  const fill = first.splat;
  if (fill !== undefined && values.every(({ splat }) => Object.is(splat, fill)))
    return b.op('Expand', [b.scalar(fill, first.type), sizeVector(b, input, shape)], first.shape, first.type);
  if (first.type === 'int64' && first.shape.length === 1 && shape.every(isFixed)) {
    const sizes = sizesThrough(values.map(numbersOf), batches);
    if (sizes !== undefined) return sizeVector(b, input, sizes);
  }
  return wholeNumber(b, constants) ?? equalRows(b, constants, shape) ?? equalSteps(b, constants, shape);
}

/** One integer that grows with the batch. */
function wholeNumber(b: Builder, { values, batches, input }: Constants): Value | undefined {
  const [first] = values as readonly [Value];
  if (first.type !== 'int32' && first.type !== 'int64') return undefined;
  if (values.some(({ splat, shape }) => splat === undefined || !sameShape(shape, first.shape))) return undefined;
  const size = sizeThrough(
    values.map(({ splat }) => splat!),
    batches,
  );
  if (size === undefined) return undefined;
  const number = b.cast(b.op('Reshape', [sizeVector(b, input, [size]), b.int64([])], [], 'int64'), first.type);
  return b.expand(number, first.shape);
}

/** A table with one row for each sample, all the same. */
function equalRows(b: Builder, { values, input }: Constants, shape: readonly Size[]): Value | undefined {
  const [first] = values as readonly [Value];
  const [rows, ...rest] = shape;
  if (rows === undefined || !rest.every(isFixed) || first.type === 'int64') return undefined;
  const width = first.shape.slice(1).reduce((product, size) => product * size, 1);
  const row = Graph.contents(first)!.slice(0, width) as HostData;
  const isTable = values.every((value) =>
    (Graph.contents(value)! as Float32Array).every((element, index) => Object.is(element, row[index % width])),
  );
  if (!isTable) return undefined;
  const single = b.constant(row, [1, ...first.shape.slice(1)], first.type);
  return b.op('Expand', [single, sizeVector(b, input, shape)], first.shape, first.type);
}

/** Numbers in equal steps, such as the first place of each sample in a flat array. */
function equalSteps(b: Builder, { values, batches, input }: Constants, shape: readonly Size[]): Value | undefined {
  const [first] = values as readonly [Value];
  const vectors = values.map(numbersOf);
  const [start, second] = vectors[0]!;
  const length = sizeThrough(
    vectors.map((vector) => vector.length),
    batches,
  );
  if (start === undefined || second === undefined || length === undefined) return undefined;
  const step = second - start;
  if (!Number.isInteger(start) || !Number.isInteger(step)) return undefined;
  if (!vectors.every((vector) => vector.every((number, index) => number === start + index * step))) return undefined;
  const count = first.shape.reduce((product, size) => product * size, 1);
  const limit = b.op('Reshape', [sizeVector(b, input, [length]), b.int64([])], [], 'int64');
  const places = b.op('Range', [b.scalar(0, 'int64'), limit, b.scalar(1, 'int64')], [count], 'int64');
  const numbers = b.add(b.mul(places, b.scalar(step, 'int64')), b.scalar(start, 'int64'));
  return b.op('Reshape', [b.cast(numbers, first.type), sizeVector(b, input, shape)], first.shape, first.type);
}
