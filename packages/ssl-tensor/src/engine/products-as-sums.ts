import * as tf from '@tensorflow/tfjs-core';
import { parseEquation } from '../lowering/einsum-equation.js';
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

/** An einsum whose product is no larger than one operand, as the sum that it is. Undefined for any other. */
export function einsumAsSum(operands: readonly tf.Tensor[], equation: string): tf.Tensor | undefined {
  const { terms, output } = parseEquation(equation, operands.length);
  const sizes = new Map(terms.flatMap((term, index) => [...term].map((label, axis) => [label, operands[index]!.shape[axis]!])));
  const summed = [...sizes.keys()].filter((label) => !output.includes(label));
  const largest = Math.max(...operands.map(({ size }) => size));
  if (sizeOf(summed.map((label) => sizes.get(label)!)) <= few || sizeOf([...sizes.values()]) > largest) return undefined;
  const order = [...output, ...summed];
  return tf.tidy(() => {
    const [first, second] = operands.map((x, index) => {
      const term = terms[index]!;
      const own = order.filter((label) => term.includes(label));
      const turned = tf.transpose(x, own.map((label) => term.indexOf(label)));
      return tf.reshape(turned, order.map((label) => (term.includes(label) ? sizes.get(label)! : 1)));
    });
    const product = second === undefined ? first! : tf.mul(first!, second);
    return tf.sum(product, summed.map((_, index) => output.length + index));
  });
}
