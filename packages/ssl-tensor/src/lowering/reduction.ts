import type { Builder } from '../graph/builder.js';
import { positiveAxis } from '../graph/builder.js';
import { sizeOf, type Value, type ValueType } from '../graph/value.js';
import { cumulativeProduct, cumulativeSum, type Direction } from './cumulative.js';
import { toFloat64 } from '../graph/float64.js';
import { float64Scalar } from './float64.js';
import { checkExtremum } from './check-extremum.js';
import { largestFloat } from './elementwise.js';
import { mindingNaN, withNaN, withPlacesOfNaN } from './nan-aware.js';
import { input, type KernelAttributes, type Rule, type RuleTable } from './rule.js';

/** Axes of a reduction attribute: a number, a list, or all axes where it is missing. */
export function axesOf(axis: unknown, rank: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, index) => index);
  return (Array.isArray(axis) ? (axis as number[]) : [axis as number]).map((item) => positiveAxis(item, rank));
}

const reduce =
  (op: string, prepare: (b: Builder, x: Value) => Value): Rule =>
  (b, inputs, attributes) => {
    const x = prepare(b, input(inputs, 'x'));
    return b.reduce(op, x, axesOf(attributes['axis'], x.shape.length), attributes['keepDims'] === true);
  };

/** Maximum or minimum over axes; NaN where there is one. Throws ShapeError where there is nothing. */
const extreme =
  (op: 'ReduceMax' | 'ReduceMin'): Rule =>
  (b, inputs, attributes) => {
    const x = input(inputs, 'x');
    const axes = axesOf(attributes['reductionIndices'] ?? attributes['axis'], x.shape.length);
    const keepDims = attributes['keepDims'] === true;
    checkExtremum(op === 'ReduceMax' ? 'Max' : 'Min', x.shape, axes);
    const most = b.reduce(op, x, axes, keepDims);
    // Of one element each there is nothing to lose.
    if (x.type !== 'float32' || x.splat !== undefined || sizeOf(most.shape) === sizeOf(x.shape)) return most;
    return withNaN(b, x, most, (body, mask) => body.reduce('ReduceMax', mask, axes, keepDims));
  };

const toFloat = (b: Builder, x: Value): Value => b.cast(x, 'float32');
const countable = (b: Builder, x: Value): Value => (x.type === 'bool' ? b.cast(x, 'int32') : x);

const overBool =
  (op: string): Rule =>
  (b, inputs, attributes) => {
    const x = b.cast(input(inputs, 'x'), 'int32');
    return b.cast(b.reduce(op, x, axesOf(attributes['axis'], x.shape.length), attributes['keepDims'] === true), 'bool');
  };

/** The place of the first maximum or minimum along an axis; of the first NaN where there is one. */
const argument =
  (op: 'ArgMax' | 'ArgMin'): Rule =>
  (b, inputs, attributes) => {
    const x = input(inputs, 'x');
    const axis = axesOf(attributes['axis'], x.shape.length)[0]!;
    checkExtremum(op, x.shape, [axis]);
    const shape = x.shape.filter((_, index) => index !== axis);
    const place = (builder: Builder, name: string, source: Value): Value =>
      builder.cast(builder.op(name, [source], shape, 'int64', { axis, keepdims: 0, select_last_index: 0 }), 'int32');
    if (x.type !== 'float32') return place(b, op, countable(b, x));
    return withPlacesOfNaN(b, x, place(b, op, x), (body, mask) => ({
      maximum: body.reduce('ReduceMax', mask, [axis], false),
      places: place(body, 'ArgMax', mask),
    }));
  };

/** The k largest along the last axis in descending order, and their places: the first of equal ones first. */
function largest(b: Builder, x: Value, k: number): [Value, Value] {
  const shape = [...x.shape.slice(0, -1), k];
  const specs: { shape: number[]; type: ValueType }[] = [
    { shape, type: x.type },
    { shape, type: 'int64' },
  ];
  // In any other order they would differ by device.
  return b.graph.nodes('TopK', [x, b.int64([k])], specs, { axis: -1, largest: 1, sorted: 1 }) as [Value, Value];
}

/** As {@link largest} for floats, NaN being larger than infinity. */
function largestWithNaN(b: Builder, x: Value, k: number): [Value, Value] {
  // In float64 there is room between the largest number and infinity.
  const most = float64Scalar(b, largestFloat);
  const numbers = b.binary('Min', toFloat64(b, x), b.add(most, most));
  const keys = b.where(b.unary('IsNaN', x, 'bool'), float64Scalar(b, Infinity), numbers);
  const [, places] = largest(b, keys, k);
  return [b.op('GatherElements', [x, places], places.shape, x.type, { axis: x.shape.length - 1 }), places];
}

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
  Max: extreme('ReduceMax'),
  Min: extreme('ReduceMin'),
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
    const [values, places] = mindingNaN(
      b,
      [countable(b, x)],
      (body, [source]) => largestWithNaN(body, source!, k),
      (body, [source]) => largest(body, source!, k),
    );
    return [b.cast(values!, x.type), b.cast(places!, 'int32')];
  },
  // TF.js takes the last axis only.
  Softmax: (b, inputs) => softmax(b, b.cast(input(inputs, 'logits'), 'float32')),
} satisfies RuleTable;
