import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { filled } from '../../../../test/support/exact-sums.js';
import { einsumAsSum, vectorProduct } from './products-as-sums.js';

beforeEach(() => tf.setBackend('cpu'));

const floats = (...shape: number[]): tf.Tensor => tf.tensor(filled('mixed', shape).data, shape);
const close = { rtol: 1e-5, atol: 1e-5 };

it.each([
  { a: [1, 101], b: [101, 4], flipA: false, flipB: false },
  { a: [101, 1], b: [4, 101], flipA: true, flipB: true },
  { a: [4, 101], b: [101, 1], flipA: false, flipB: false },
  { a: [101, 4], b: [1, 101], flipA: true, flipB: true },
  { a: [1, 130], b: [130, 1], flipA: false, flipB: false },
  { a: [2, 3, 1, 130], b: [3, 130, 5], flipA: false, flipB: false },
])('is the product of $a and $b, transposed $flipA and $flipB', ({ a, b, flipA, flipB }) => {
  const [left, right] = [floats(...a), floats(...b)];
  expect(vectorProduct(left, right, flipA, flipB)!).toBeAllClose(tf.matMul(left, right, flipA, flipB), close);
});

it.each([
  ['ij,ij->', [20, 30], [20, 30]],
  ['bij,ib->j', [3, 50, 4], [50, 3]],
  ['i,ij->j', [150], [150, 6]],
  ['jbi,ib->bj', [4, 3, 150], [150, 3]],
] as const)('is the einsum %s', (equation, first, second) => {
  const operands = [floats(...first), floats(...second)];
  expect(einsumAsSum(operands, equation)!).toBeAllClose(tf.einsum(equation, ...operands), close);
});

it('sums one operand', () => {
  const x = floats(150, 4);
  expect(einsumAsSum([x], 'ij->j')!).toBeAllClose(tf.sum(x, 0), close);
});

it('leaves short products and products of matrices to the runtime', () => {
  expect(vectorProduct(tf.ones([1, 100]), tf.ones([100, 4]), false, false)).toBeUndefined();
  expect(vectorProduct(tf.ones([2, 300]), tf.ones([300, 4]), false, false)).toBeUndefined();
  expect(einsumAsSum([tf.ones([2, 300]), tf.ones([300, 4])], 'ij,jk->ik')).toBeUndefined();
  expect(einsumAsSum([tf.ones([2, 30]), tf.ones([30])], 'ij,j->i')).toBeUndefined();
  const square = tf.ones([200, 200]);
  for (const equation of ['ii->', 'ij', 'ij,ij->', 'i->', 'ij->k'])
    expect(einsumAsSum([square], equation)).toBeUndefined();
});
