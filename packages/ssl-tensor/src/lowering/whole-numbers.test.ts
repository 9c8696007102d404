import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type Elements, expectEverywhere } from '../../../../test/support/expect-everywhere.js';
import { compile } from '../compile/compile.js';

const [most, least] = [2 ** 31 - 1, -(2 ** 31)];

const whole = (data: readonly number[], shape: readonly number[] = [data.length]): Elements => ({
  data,
  shape,
  dtype: 'int32',
});

const modulo = (value: bigint): number => Number(BigInt.asIntN(32, value));
const sum = (values: readonly number[]): number => modulo(values.reduce((total, value) => total + BigInt(value), 0n));
const product = (values: readonly number[]): number =>
  modulo(values.reduce((total, value) => total * BigInt(value), 1n));

const matrix = [most, most, least, least, 123456789, -987654321, 65537, most];
const other = [1, most, -1, least, 987654321, 123456789, 65537, 2];
const rows = [matrix.slice(0, 4), matrix.slice(4)];
const columns = [0, 1, 2, 3].map((column) => [matrix[column]!, matrix[column + 4]!]);
const x = whole(matrix, [2, 4]);
const y = whole(other, [2, 4]);

describe('int32 is modulo 2^32', () => {
  it('in sums over any axes', async () => {
    await expectEverywhere(
      (a: tf.Tensor) => [tf.sum(a), tf.sum(a, 0), tf.sum(a, 1, true)],
      [x],
      [[sum(matrix)], columns.map(sum), rows.map(sum)],
    );
    const long = Array.from({ length: 30_000 }, (_, index) => 2e9 - index);
    await expectEverywhere(
      (a: tf.Tensor) => [tf.sum(a), tf.sum(a, [0, 2])],
      [whole(long, [100, 3, 100])],
      [[sum(long)], [0, 1, 2].map((middle) => sum(long.filter((_, index) => Math.floor(index / 100) % 3 === middle)))],
    );
  });

  it('in products over any axes', async () => {
    await expectEverywhere(
      (a: tf.Tensor) => [tf.prod(a), tf.prod(a, 0), tf.prod(a, 1, true)],
      [x],
      [[product(matrix)], columns.map(product), rows.map(product)],
    );
    const odd = Array.from({ length: 210 }, (_, index) => 2 * index + 3);
    await expectEverywhere(
      (a: tf.Tensor) => [tf.prod(a), tf.prod(a, [0, 2])],
      [whole(odd, [5, 6, 7])],
      [
        [product(odd)],
        [0, 1, 2, 3, 4, 5].map((middle) => product(odd.filter((_, index) => Math.floor(index / 7) % 6 === middle))),
      ],
    );
  });

  it('in cumulative sums and products', async () => {
    const upTo = (op: (values: readonly number[]) => number, exclusive: boolean) =>
      rows.flatMap((row) => row.map((_, index) => op(row.slice(0, exclusive ? index : index + 1))));
    const from = rows.flatMap((row) => row.map((_, index) => product(row.slice(index))));
    await expectEverywhere(
      (a: tf.Tensor) => [
        tf.cumsum(a, 1),
        tf.cumprod(a, 1),
        tf.cumprod(a, 1, true),
        tf.cumprod(a, 1, false, true),
        tf.cumprod(a, 0),
      ],
      [x],
      [upTo(sum, false), upTo(product, false), upTo(product, true), from, [...rows[0]!, ...columns.map(product)]],
    );
  });

  it('in arithmetic, element by element', async () => {
    const each = (op: (a: bigint, b: bigint) => bigint): number[] =>
      matrix.map((value, index) => modulo(op(BigInt(value), BigInt(other[index]!))));
    await expectEverywhere(
      (a: tf.Tensor, b: tf.Tensor) => [
        tf.add(a, b),
        tf.sub(a, b),
        tf.mul(a, b),
        tf.squaredDifference(a, b),
        tf.square(a),
        tf.neg(a),
        tf.abs(a),
        tf.addN([a, b, a]),
      ],
      [x, y],
      [
        each((a, b) => a + b),
        each((a, b) => a - b),
        each((a, b) => a * b),
        each((a, b) => (a - b) ** 2n),
        each((a) => a * a),
        each((a) => -a),
        each((a) => (a < 0n ? -a : a)),
        each((a, b) => 2n * a + b),
      ],
    );
    await expectEverywhere(
      (a: tf.Tensor) => tf.mul(a, tf.tensor([[3], [-1640531527]], [2, 1], 'int32')),
      [x],
      [matrix.map((value, index) => product([value, index < 4 ? 3 : -1640531527]))],
    );
  });

  it('in powers, also where they are beyond float64, and of negative exponents', async () => {
    const [bases, exponents] = [
      [most, least, -1, 0, 3, 7, -2, 0, 0, -1, -1, 5, 1],
      [2, 2, 3, 0, 40, most, 31, -3, 5, least, -7, -1, -1],
    ];
    const power = (base: number, exponent: number): number => {
      if (exponent < 0) return Math.abs(base) === 1 ? (exponent % 2 === 0 ? 1 : base) : 0;
      let [result, factor] = [1, base];
      for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
        if (rest % 2 === 1) result = product([result, factor]);
        factor = product([factor, factor]);
      }
      return result;
    };
    await expectEverywhere(
      (a: tf.Tensor, b: tf.Tensor) => [tf.pow(a, b), tf.pow(tf.reshape(a, [13, 1]), b)],
      [whole(bases), whole(exponents)],
      [
        bases.map((base, index) => power(base, exponents[index]!)),
        bases.flatMap((base) => exponents.map((exponent) => power(base, exponent))),
      ],
    );
  });

  it('and the product of nothing is 1', () =>
    expectEverywhere(
      (a: tf.Tensor) => [tf.prod(a), tf.prod(a, 0), tf.prod(tf.cast(a, 'bool'))],
      [whole([], [0, 3])],
      [[1], [1, 1, 1], [1]],
    ));

  it('in matrix products and einsum', async () => {
    const dot = (a: readonly number[], b: readonly number[]): number =>
      modulo(a.reduce((total, value, index) => total + BigInt(value) * BigInt(b[index]!), 0n));
    const others = [other.slice(0, 4), other.slice(4)];
    const expected = rows.flatMap((row) => others.map((column) => dot(row, column)));
    await expectEverywhere(
      (a: tf.Tensor2D, b: tf.Tensor2D) => [
        tf.matMul(a, b, false, true),
        tf.einsum('ij,kj->ik', a, b),
        tf.einsum('ij->j', a),
        tf.dot(tf.reshape(a, [8]), tf.reshape(b, [8])),
      ],
      [x, y],
      [expected, expected, columns.map(sum), [dot(matrix, other)]],
    );
  });

  it('in sums by index', () =>
    expectEverywhere(
      (a: tf.Tensor1D) => [
        tf.bincount(tf.tensor1d([0, 1, 0], 'int32'), a, 2),
        tf.scatterND(tf.tensor2d([0, 1, 0], [3, 1], 'int32'), a, [2]),
        tf.sparse.sparseSegmentSum(a, tf.tensor1d([0, 2, 1], 'int32'), tf.tensor1d([0, 0, 1], 'int32')),
      ],
      [whole([most, 5, 7])],
      [
        [sum([most, 7]), 5],
        [sum([most, 7]), 5],
        [sum([most, 7]), 5],
      ],
    ));

  it('in constants, which are computed beforehand', async () => {
    const compiled = compile((a: tf.Tensor) => {
      const all = (value: number): tf.Tensor => tf.mul(tf.onesLike(a), tf.scalar(value, 'int32'));
      return [
        tf.cast(tf.mul(all(65537), all(65537)), 'float32'),
        tf.cast(tf.sum(all(2e9)), 'float32'),
        tf.add(a, tf.mul(all(most), all(most))),
      ];
    });
    const results = await compiled({ data: Int32Array.of(0, 0, 0), shape: [3] });
    expect(results.map((result) => Array.from(result.dataSync()))).toEqual([
      [131073, 131073, 131073],
      [Math.fround(sum([2e9, 2e9, 2e9]))],
      [1, 1, 1],
    ]);
    tf.dispose(results);
    compiled.dispose();
  });

  it('and is clipped by bounds beyond it', () =>
    expectEverywhere(
      (a: tf.Tensor) => [tf.clipByValue(a, 0, Infinity), tf.clipByValue(a, -1e10, 3e9), tf.leakyRelu(a, 0.5)],
      [whole([-4, 0, 7, most])],
      [
        [0, 0, 7, most],
        [-4, 0, 7, most],
        [-2, 0, 7, 2 ** 31],
      ],
    ));
});

describe('floats become int32 as in JavaScript', () => {
  const values = [1e10, -1e10, 3e9, 2 ** 31, 2 ** 32, -(2 ** 31) - 256, 9e18, 1e19, -1e20, 2.7, -2.7, -0.5, 1.5e9];
  const special = [NaN, Infinity, -Infinity];

  it('cut towards zero, modulo 2^32, 0 where there is no number', () =>
    expectEverywhere(
      (a: tf.Tensor) => [tf.cast(a, 'int32'), tf.cast(tf.round(a), 'int32')],
      [{ data: [...values, ...special], shape: [16] }],
      [
        [...values, ...special].map((value) => Math.fround(value) | 0),
        [...values.map((value) => Math.round(Math.fround(value)) | 0), 0, 0, 0],
      ],
    ));

  it('in quotients at the ends of the range, rounded down', () => {
    const numbers = [most, least, -most, 5, -5, 0];
    const divisors = [3, -3, 2, -2, most, least, 1];
    return expectEverywhere(
      (a: tf.Tensor, b: tf.Tensor) => [tf.floorDiv(tf.reshape(a, [6, 1]), b), tf.div(a, tf.scalar(3, 'int32'))],
      [whole(numbers), whole(divisors)],
      [
        numbers.flatMap((number) => divisors.map((divisor) => Math.floor(number / divisor) | 0)),
        numbers.map((number) => Math.floor(number / 3)),
      ],
    );
  });

  it('in quotients rounded down', () =>
    expectEverywhere(
      (a: tf.Tensor) => tf.floorDiv(a, 1),
      [{ data: [...values, ...special], shape: [16] }],
      [[...values.map((value) => Math.floor(Math.fround(value)) | 0), 0, 0, 0]],
    ));
});
