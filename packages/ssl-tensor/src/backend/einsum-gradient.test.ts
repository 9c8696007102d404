import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import { numericGradient } from '../../../../test/support/numeric-gradient.js';
import '../../../../test/support/to-be-all-close.js';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { registerSslBackend } from './register-backend.js';

registerSslBackend();
beforeEach(() => tf.setBackend('cpu'));

const sizes: Readonly<Record<string, number>> = { b: 2, i: 3, j: 4, k: 2 };
const shapeOf = (term: string): number[] => Array.from(term, (label) => sizes[label]!);
const sizeOf = (term: string): number => shapeOf(term).reduce((size, length) => size * length, 1);

/** Every assignment of numbers to labels. */
function* places(labels: readonly string[]): Generator<Readonly<Record<string, number>>> {
  const [first, ...rest] = labels;
  if (first === undefined) return yield {};
  for (let index = 0; index < sizes[first]!; index++)
    for (const place of places(rest)) yield { ...place, [first]: index };
}

const offset = (term: string, place: Readonly<Record<string, number>>): number =>
  Array.from(term).reduce((sum, label) => sum * sizes[label]! + place[label]!, 0);

/** Sum of an einsum's elements times `weights`, by the definition. */
function weighted(equation: string, weights: readonly number[], operands: readonly (readonly number[])[]): number {
  const [left, output] = equation.split('->') as [string, string];
  const terms = left.split(',');
  let sum = 0;
  for (const place of places([...new Set(terms.join(''))]))
    sum += terms.reduce(
      (product, term, index) => product * operands[index]![offset(term, place)]!,
      weights[offset(output, place)]!,
    );
  return sum;
}

it.each([
  'ij,jk->ik',
  'ji,jk->ki',
  'bij,bjk->bik',
  'bij,jk->bik',
  'i,j->ji',
  'ij,ji->i',
  'ij,jk->i',
  'ij,jki->i',
  'ij,ik->',
  'ij,->j',
  ',i->i',
  'bij->jb',
  'ij->ji',
  'i->',
])('gradient of %s is that of the definition by finite differences', (equation) => {
  const stream = new RandomStream(randomKey(equation.length));
  const [left, output] = equation.split('->') as [string, string];
  const draw = (term: string): number[] => Array.from({ length: sizeOf(term) }, () => Math.fround(stream.normal()));
  const [terms, weights] = [left.split(','), draw(output)];
  const operands = terms.map(draw);
  const objective = (...x: tf.Tensor[]): tf.Tensor =>
    tf.sum(tf.mul(tf.einsum(equation, ...x), tf.tensor(weights, shapeOf(output))));
  const gradients = tf.grads(objective)(terms.map((term, index) => tf.tensor(operands[index]!, shapeOf(term))));
  gradients.forEach((gradient, index) => {
    const numeric = numericGradient(
      (moved) => weighted(equation, weights, operands.with(index, [...moved])),
      operands[index]!,
    );
    expect(gradient.shape).toEqual(shapeOf(terms[index]!));
    expect(tf.reshape(gradient, [gradient.size])).toBeAllClose(numeric, { rtol: 1e-4, atol: 1e-4 });
  });
});

it('has a gradient of its own', () => {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const slope = (y: tf.Tensor): tf.Tensor => tf.grad((z: tf.Tensor) => tf.sum(tf.einsum('ij,jk->ik', z, z)))(y);
  // The sum of x x is a quadratic form: its second derivative along ones is that of a constant matrix.
  expect(tf.grad((y: tf.Tensor) => tf.sum(slope(y)))(x)).toBeAllClose([
    [4, 4],
    [4, 4],
  ]);
});

it('refuses the gradient of an equation that changes nothing', () => {
  expect(() => tf.grad((x: tf.Tensor) => tf.sum(tf.einsum('i->i', x)))(tf.ones([2]))).toThrow(InvalidOptionError);
});
