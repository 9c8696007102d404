import { InvalidOptionError, ShapeError } from '@selfsup/ssl-core';
import type { Builder } from '../graph/builder.js';
import { sizeOf, type Value } from '../graph/value.js';
import { common, type EinsumEquation, except, parseEquation } from './einsum-equation.js';
import { matrixProduct } from './matmul.js';
import type { RuleTable } from './rule.js';

/** A value with one label per axis. */
interface Labelled {
  readonly value: Value;
  readonly labels: string;
}

const axesOf = ({ labels }: Labelled, wanted: string): number[] => Array.from(wanted, (label) => labels.indexOf(label));

/** Sizes of the axes with these labels; 1 for a label that is not there. */
const sizes = (x: Labelled, wanted: string): number[] => axesOf(x, wanted).map((axis) => x.value.shape[axis] ?? 1);

const arrange = (b: Builder, x: Labelled, order: string): Value => b.transpose(x.value, axesOf(x, order));

const sumOut = (b: Builder, x: Labelled, kept: string): Labelled => ({
  value: b.reduce('ReduceSum', x.value, axesOf(x, except(x.labels, kept)), false),
  labels: common(x.labels, kept),
});

/** Product with the axes of both in `order`. */
function multiply(b: Builder, operands: readonly Labelled[], order: string): Labelled {
  const [left, right] = operands.map((x) => b.reshape(arrange(b, x, common(order, x.labels)), sizes(x, order)));
  return { value: b.mul(left!, right!), labels: order };
}

/** `[...batch, free, summed]`, or `[...batch, summed, free]` where that moves less. */
function asMatrices(
  b: Builder,
  x: Labelled,
  batch: string,
  summed: string,
): { readonly matrices: Value; readonly summedFirst: boolean } {
  const free = except(x.labels, batch + summed);
  const summedFirst = free.includes(x.labels.at(-1)!);
  const [rows, columns] = summedFirst ? [summed, free] : [free, summed];
  const shape = [...sizes(x, batch), sizeOf(sizes(x, rows)), sizeOf(sizes(x, columns))];
  return { matrices: b.reshape(arrange(b, x, batch + rows + columns), shape), summedFirst };
}

/** Product of two operands summed over the labels that are not in `output`, in any order of axes. */
function contract(b: Builder, x: Labelled, y: Labelled, output: string): Labelled {
  const shared = common(x.labels, y.labels);
  const batch = common(output, shared);
  const summed = except(shared, output);
  const free = except(output, batch);
  if (summed === '' || free === '') return sumOut(b, multiply(b, [x, y], output + summed), output);
  const [left, right] = x.labels.includes(free[0]!) ? [x, y] : [y, x];
  const [rows, columns] = [except(left.labels, shared), except(right.labels, shared)];
  const [first, second] = [asMatrices(b, left, batch, summed), asMatrices(b, right, batch, summed)];
  const product = matrixProduct(b, first.matrices, second.matrices, first.summedFirst, !second.summedFirst);
  const shape = [...sizes(left, batch + rows), ...sizes(right, columns)];
  return { value: b.reshape(product, shape), labels: batch + rows + columns };
}

/** Operands with their subscripts, checked against each other. */
function label(operands: readonly Value[], { terms }: EinsumEquation): Labelled[] {
  const known = new Map<string, number>();
  return operands.map((value, index) => {
    const labels = terms[index]!;
    const fits =
      labels.length === value.shape.length &&
      Array.from(labels).every((name, axis) => (known.get(name) ?? value.shape[axis]) === value.shape[axis]);
    if (!fits) {
      const expected = Array.from(labels).map((name) => (known.has(name) ? `${name} = ${known.get(name)}` : name));
      throw new ShapeError('einsum', `operand ${index}`, `[${expected.join(', ')}]`, `[${value.shape.join(', ')}]`);
    }
    Array.from(labels).forEach((name, axis) => known.set(name, value.shape[axis]!));
    return { value, labels };
  });
}

/** Einstein summation: transposes and one product. */
export const einsumRules = {
  Einsum: (b, inputs, { equation }) => {
    const operands = Object.values(inputs);
    const { type } = operands[0]!;
    const other = operands.find((operand) => operand.type !== type);
    if (other !== undefined)
      throw new InvalidOptionError('einsum', 'operands', 'of one dtype (tf.cast one)', `${type} and ${other.type}`);
    const parsed = parseEquation(equation as string, operands.length);
    const { terms, output } = parsed;
    const counted = type === 'bool' ? operands.map((operand) => b.cast(operand, 'int32')) : operands;
    const labelled = label(counted, parsed).map((x, index) =>
      sumOut(b, x, output + terms.filter((_, term) => term !== index).join('')),
    );
    const [x, y] = labelled as [Labelled, Labelled?];
    const result = arrange(b, y === undefined ? x : contract(b, x, y, output), output);
    return b.cast(result, type === 'bool' && except(terms.join(''), output) === '' ? 'bool' : result.type);
  },
} satisfies RuleTable;
