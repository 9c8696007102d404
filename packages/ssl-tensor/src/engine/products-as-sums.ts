import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../graph/value.js';

/** Numbers that a product of TensorFlow's adds to 1e-6, one after the other. */
const few = 100;

/**
 * A product with a vector as the sum that it is. Undefined for a short one, and for matrices.
 *
 * @param a `[..., m, k]`, or `[..., k, m]` where `flipA`
 * @param b `[..., k, n]`, or `[..., n, k]` where `flipB`
 * @returns `[..., m, n]`
 */
export function vectorProduct(a: tf.Tensor, b: tf.Tensor, flipA: boolean, flipB: boolean): tf.Tensor | undefined {
  const [m, k] = flipA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const n = flipB ? b.shape.at(-2)! : b.shape.at(-1)!;
  if (k <= few || (m !== 1 && n !== 1)) return undefined;
  return tf.tidy(() => {
    // Both along the axis of k in which the matrix has it: a vector has any.
    const alongRows = n === 1 ? flipA : !flipB;
    const [left, right] = [a, b].map((x, index) => {
      const width = index === 0 ? m : n;
      return tf.reshape(x, [...x.shape.slice(0, -2), ...(alongRows ? [k, width] : [width, k])]);
    });
    const sum = tf.sum(tf.mul(left!, right!), alongRows ? -2 : -1);
    return tf.reshape(sum, [...sum.shape.slice(0, -1), m, n]);
  });
}

/** The labels of each operand and of the result, where each is there once; TensorFlow sees to any other equation. */
function labelsOf(
  operands: readonly tf.Tensor[],
  equation: string,
): { terms: string[][]; output: string[] } | undefined {
  const [left, right] = equation.replaceAll(/\s/g, '').split('->');
  const terms = (left ?? '').split(',').map((term) => Array.from(term));
  const output = Array.from(right ?? '');
  const known = new Set(terms.flat());
  const isPlain =
    right !== undefined &&
    operands.length <= 2 &&
    terms.length === operands.length &&
    terms.every((term, index) => term.length === operands[index]!.rank) &&
    [...terms, output].every((labels) => new Set(labels).size === labels.length) &&
    output.every((label) => known.has(label));
  return isPlain ? { terms, output } : undefined;
}

/** An einsum whose product is no larger than one operand, as the sum that it is. Undefined for any other. */
export function einsumAsSum(operands: readonly tf.Tensor[], equation: string): tf.Tensor | undefined {
  const labels = labelsOf(operands, equation);
  if (labels === undefined) return undefined;
  const { terms, output } = labels;
  const sizes = new Map(
    terms.flatMap((term, index) => term.map((label, axis) => [label, operands[index]!.shape[axis]!] as const)),
  );
  const summed = [...sizes.keys()].filter((label) => !output.includes(label));
  const largest = Math.max(...operands.map(({ size }) => size));
  if (sizeOf(summed.map((label) => sizes.get(label)!)) <= few || sizeOf([...sizes.values()]) > largest)
    return undefined;
  const order = [...output, ...summed];
  return tf.tidy(() => {
    const [first, second] = operands.map((x, index) => {
      const term = terms[index]!;
      const own = order.filter((label) => term.includes(label));
      const turned = tf.transpose(
        x,
        own.map((label) => term.indexOf(label)),
      );
      return tf.reshape(
        turned,
        order.map((label) => (term.includes(label) ? sizes.get(label)! : 1)),
      );
    });
    const product = second === undefined ? first! : tf.mul(first!, second);
    return tf.sum(
      product,
      summed.map((_, index) => output.length + index),
    );
  });
}
