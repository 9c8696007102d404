import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { halfValue } from '../lowering/half-value.js';
import { matMulFloat16 } from './mat-mul-float16.js';

beforeEach(() => tf.setBackend('cpu'));

/** Within one step of float16 of the number before its rounding: sums in another order may round to the one beside. */
const oneStep = { rtol: 2 ** -10, atol: 2e-3 } as const;

/** `a b` for row-major `[m, k]` and `[k, n]`, in float64 from rounded operands. */
function product(a: readonly number[], b: readonly number[], [m, k, n]: readonly [number, number, number]): number[] {
  return Array.from({ length: m * n }, (_, place) => {
    const [row, column] = [Math.floor(place / n), place % n];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += halfValue(a[row * k + i]!) * halfValue(b[i * n + column]!);
    return halfValue(sum);
  });
}

const flip = (x: readonly number[], rows: number, columns: number): number[] =>
  Array.from({ length: x.length }, (_, place) => x[(place % rows) * columns + Math.floor(place / rows)]!);

it.each([
  [false, false],
  [true, false],
  [false, true],
  [true, true],
])('is the product of rounded matrices, with gradients, transposed %s and %s', async (transposeA, transposeB) => {
  const [m, k, n] = [5, 33, 7];
  const stream = new RandomStream(randomKey(6));
  const draw = (size: number): number[] => Array.from({ length: size }, () => Math.fround(stream.normal()));
  const [a, b, dy] = [draw(m * k), draw(k * n), draw(m * n)];
  const operands = [
    transposeA ? tf.tensor2d(flip(a, m, k), [k, m]) : tf.tensor2d(a, [m, k]),
    transposeB ? tf.tensor2d(flip(b, k, n), [n, k]) : tf.tensor2d(b, [k, n]),
  ] as const;
  const f = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => matMulFloat16(x, y, transposeA, transposeB);
  const all = (x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor[] => [
    f(x, y),
    ...tf
      .grads(f)([x, y], tf.tensor2d(dy, [m, n]))
      .map((gradient, index) => tf.transpose(gradient, (index === 0 ? transposeA : transposeB) ? [1, 0] : [0, 1])),
  ];
  const expected = [
    product(a, b, [m, k, n]),
    product(dy, flip(b, k, n), [m, n, k]),
    product(flip(a, m, k), dy, [k, m, n]),
  ];
  for (const results of [all(...operands), await compile(all)(...operands)])
    results.forEach((result, index) => expect(tf.reshape(result, [-1])).toBeAllClose(expected[index]!, oneStep));
});

it('overflows where float16 does, eagerly and compiled', async () => {
  const f = (x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor => matMulFloat16(x, y);
  const [x, y] = [
    tf.tensor2d([
      [300, 0],
      [7, 65_521],
    ]),
    tf.tensor2d([[300], [1]]),
  ];
  for (const z of [f(x, y), await compile(f)(x, y)]) expect(z).toBeAllClose([[Infinity], [Infinity]]);
});

it('refuses operands that do not match', () => {
  expect(() => matMulFloat16(tf.zeros([2, 3]), tf.zeros([2, 3]))).toThrow(ShapeError);
  expect(() => matMulFloat16(tf.zeros([2, 2, 3]), tf.zeros([3, 2]))).toThrow(ShapeError);
  expect(() => matMulFloat16(tf.zeros([3]), tf.zeros([3]))).toThrow(ShapeError);
});
