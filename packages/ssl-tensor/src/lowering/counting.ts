import type { Builder } from '../graph/builder.js';
import { sizeOf, type Value } from '../graph/value.js';
import { input, type RuleTable } from './rule.js';
import { segmentSum } from './segment.js';

const whole = (b: Builder, value: number): Value => b.scalar(value, 'int32');

/** Sums the weights (1 where there are none) of each number below `size` in each row of `x`: `[rows, size]`. */
function countRows(b: Builder, x: Value, weights: Value, size: number): Value {
  const [rows, columns] = x.shape as readonly [number, number];
  // TF.js refuses negative numbers, which nothing can do here: left out, as those past the end.
  const counted = b.binary(
    'And',
    b.binary('GreaterOrEqual', x, whole(b, 0), 'bool'),
    b.binary('Less', x, whole(b, size), 'bool'),
  );
  const firsts = Int32Array.from({ length: rows }, (_, row) => row * size);
  const places = b.where(counted, b.add(x, b.constant(firsts, [rows, 1], 'int32')), whole(b, -1));
  const amounts = sizeOf(weights.shape) === 0 ? b.splat(1, x.shape, weights.type) : weights;
  const summable = amounts.type === 'bool' ? b.cast(amounts, 'int32') : amounts;
  const sums = segmentSum(b, b.reshape(summable, [rows, columns]), places, rows * size);
  return b.cast(b.reshape(sums, [rows, size]), weights.type);
}

function countAll(b: Builder, x: Value, weights: Value, size: number): Value {
  return b.reshape(countRows(b, b.reshape(x, [1, sizeOf(x.shape)]), weights, size), [size]);
}

/** Where each of `values` belongs in its sorted row of `sequence`, by bisection: `[rows, values]`. */
function bisect(b: Builder, sequence: Value, values: Value, goesRight: (element: Value) => Value): Value {
  const [rows, length] = sequence.shape as readonly [number, number];
  const flat = b.reshape(sequence, [rows * length]);
  const firsts = b.constant(
    Int32Array.from({ length: rows }, (_, row) => row * length),
    [rows, 1],
    'int32',
  );
  let [low, high] = [b.splat(0, values.shape, 'int32'), b.splat(length, values.shape, 'int32')];
  for (let span = length; span > 0; span = Math.floor(span / 2)) {
    const middle = b.div(b.add(low, high), whole(b, 2));
    const open = b.binary('Less', low, high, 'bool');
    const element = b.gather(flat, b.add(b.binary('Min', middle, whole(b, length - 1)), firsts), 0);
    const right = goesRight(element);
    low = b.where(b.binary('And', open, right), b.add(middle, whole(b, 1)), low);
    high = b.where(b.binary('And', open, b.unary('Not', right)), middle, high);
  }
  return high;
}

/** Counts of numbers, and places in sorted sequences. */
export const countingRules = {
  Bincount: (b, inputs, { size }) => countAll(b, input(inputs, 'x'), input(inputs, 'weights'), size as number),
  DenseBincount: (b, inputs, { size, binaryOutput }) => {
    const [x, weights] = [input(inputs, 'x'), input(inputs, 'weights')];
    // TF.js's CPU backend reads binaryOutput for matrices only.
    if (x.shape.length < 2) return countAll(b, x, weights, size as number);
    if (binaryOutput !== true) return countRows(b, x, weights, size as number);
    const counts = countRows(b, x, b.splat(1, x.shape, 'int32'), size as number);
    return b.cast(b.binary('Greater', counts, whole(b, 0), 'bool'), weights.type);
  },
  SearchSorted: (b, inputs, { side }) => {
    const [sequence, values] = [input(inputs, 'sortedSequence'), input(inputs, 'values')];
    const type = sequence.type === values.type && values.type !== 'bool' ? values.type : 'float32';
    const sought = b.cast(values, type);
    const op = side === 'left' ? 'Less' : 'LessOrEqual';
    return bisect(b, b.cast(sequence, type), sought, (element) => b.binary(op, element, sought, 'bool'));
  },
} satisfies RuleTable;
