import type { Builder } from '../graph/builder.js';
import { positiveAxis } from '../graph/builder.js';
import { sizeOf, type Value, type ValueType } from '../graph/value.js';
import { cumulativeProduct, cumulativeSum, type Direction } from './cumulative.js';
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

const directionOf = ({ shape }: Value, { axis, exclusive, reverse }: KernelAttributes): Direction => ({
  axis: positiveAxis(axis as number, shape.length),
  exclusive: exclusive === true,
  reverse: reverse === true,
});

const cumulative =
  (run: (b: Builder, x: Value, direction: Direction) => Value): Rule =>
  (b, inputs, attributes) => {
    const x = countable(b, input(inputs, 'x'));
    return run(b, x, directionOf(x, attributes));
  };

/** From this many elements on, the runtime's softmax divides by a sum that is off by more than rounding. */
const longSoftmax = 1024;

function softmax(b: Builder, x: Value): Value {
  const axis = x.shape.length - 1;
  const y = b.op('Softmax', [x], x.shape, 'float32', { axis });
  // The error of the sum is a factor of the whole row.
  return x.shape[axis]! <= longSoftmax ? y : b.div(y, b.reduce('ReduceSum', y, [axis], true));
}

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
  Cumsum: cumulative(cumulativeSum),
  Cumprod: cumulative(cumulativeProduct),
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
  // TF.js takes the last axis only.
  Softmax: (b, inputs) => softmax(b, b.cast(input(inputs, 'logits'), 'float32')),
} satisfies RuleTable;
