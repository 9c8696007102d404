import type { Builder } from '../graph/builder.js';
import { positiveAxis } from '../graph/builder.js';
import { sizeOf, type Value, type ValueType } from '../graph/value.js';
import { input, type KernelAttributes, type Rule, type RuleTable } from './rule.js';

/** Axes of a reduction attribute: a number, a list, or all axes where it is missing. */
export function axesOf(axis: unknown, rank: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, index) => index);
  return (Array.isArray(axis) ? (axis as number[]) : [axis as number]).map((item) => positiveAxis(item, rank));
}

const reduce =
  (op: string, prepare: (b: Builder, x: Value) => Value = (_, x) => x, axisName = 'axis'): Rule =>
  (b, inputs, attributes) => {
    const x = prepare(b, input(inputs, 'x'));
    return b.reduce(op, x, axesOf(attributes[axisName], x.shape.length), attributes['keepDims'] === true);
  };

const toFloat = (b: Builder, x: Value): Value => b.cast(x, 'float32');
const countable = (b: Builder, x: Value): Value => (x.type === 'bool' ? b.cast(x, 'int32') : x);

const overBool =
  (op: string): Rule =>
  (b, inputs, attributes) => {
    const x = b.cast(input(inputs, 'x'), 'int32');
    return b.cast(b.reduce(op, x, axesOf(attributes['axis'], x.shape.length), attributes['keepDims'] === true), 'bool');
  };

const argument =
  (op: string): Rule =>
  (b, inputs, attributes) => {
    const x = input(inputs, 'x');
    const axis = axesOf(attributes['axis'], x.shape.length)[0]!;
    const shape = x.shape.filter((_, index) => index !== axis);
    const source = x.type === 'bool' ? b.cast(x, 'int32') : x;
    return b.cast(b.op(op, [source], shape, 'int64', { axis, keepdims: 0, select_last_index: 0 }), 'int32');
  };

const cumulative = (b: Builder, x: Value, attributes: KernelAttributes): Value => {
  const axis = b.graph.constant(
    BigInt64Array.of(BigInt(positiveAxis(attributes['axis'] as number, x.shape.length))),
    [],
    'int64',
  );
  const flags = {
    exclusive: attributes['exclusive'] === true ? 1 : 0,
    reverse: attributes['reverse'] === true ? 1 : 0,
  };
  return b.op('CumSum', [x, axis], x.shape, x.type, flags);
};

/** `x` moved along `axis` by `distance`, ones in its place; towards the start when `reverse`. */
function shifted(b: Builder, x: Value, axis: number, distance: number, reverse: boolean): Value {
  const along = (value: number, otherwise: readonly number[]): number[] =>
    otherwise.map((size, index) => (index === axis ? value : size));
  const length = x.shape[axis]!;
  const by = Math.min(distance, length);
  const ones = b.splat(1, along(by, x.shape), x.type);
  const zeros = x.shape.map(() => 0);
  return reverse
    ? b.concat([b.slice(x, along(by, zeros), x.shape), ones], axis)
    : b.concat([ones, b.slice(x, zeros, along(length - by, x.shape))], axis);
}

/** Cumulative product in log2(length) passes (Hillis & Steele 1986, "Data parallel algorithms"). */
const cumulativeProduct: Rule = (b, inputs, attributes) => {
  const x = countable(b, input(inputs, 'x'));
  const axis = positiveAxis(attributes['axis'] as number, x.shape.length);
  const reverse = attributes['reverse'] === true;
  let products = attributes['exclusive'] === true ? shifted(b, x, axis, 1, reverse) : x;
  for (let distance = 1; distance < x.shape[axis]!; distance *= 2)
    products = b.mul(products, shifted(b, products, axis, distance, reverse));
  return products;
};

/** Reductions over axes, arg-reductions, cumulative sums and products. */
export const reductionRules = {
  Sum: reduce('ReduceSum', countable),
  Mean: reduce('ReduceMean', toFloat),
  Max: (b, inputs, attributes) =>
    reduce('ReduceMax', undefined, 'reductionIndices' in attributes ? 'reductionIndices' : 'axis')(
      b,
      inputs,
      attributes,
    ),
  Min: reduce('ReduceMin'),
  Prod: reduce('ReduceProd', countable),
  All: overBool('ReduceMin'),
  Any: overBool('ReduceMax'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Cumsum: (b, inputs, attributes) => cumulative(b, countable(b, input(inputs, 'x')), attributes),
  Cumprod: cumulativeProduct,
  TopK: (b, inputs, attributes) => {
    const x = input(inputs, 'x');
    const k = attributes['k'] as number;
    const shape = [...x.shape.slice(0, -1), k];
    // The runtime divides by the number of rows.
    if (sizeOf(shape) === 0) return [b.splat(0, shape, x.type), b.splat(0, shape, 'int32')];
    const sorted = attributes['sorted'] === false ? 0 : 1;
    const specs: { shape: number[]; type: ValueType }[] = [
      { shape, type: x.type === 'bool' ? 'int32' : x.type },
      { shape, type: 'int64' },
    ];
    const [values, indices] = b.graph.nodes('TopK', [countable(b, x), b.int64([k])], specs, {
      axis: -1,
      largest: 1,
      sorted,
    });
    return [b.cast(values!, x.type), b.cast(indices!, 'int32')];
  },
  Softmax: (b, inputs, { dim }) => {
    const x = b.cast(input(inputs, 'logits'), 'float32');
    return b.op('Softmax', [x], x.shape, 'float32', { axis: positiveAxis(dim as number, x.shape.length) });
  },
} satisfies RuleTable;
