import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { numericGradient } from '../../../../test/support/numeric-gradient.js';
import { compile } from '../compile/compile.js';

/** Multi-index of a flat position. */
const unravel = (flat: number, shape: readonly number[]): number[] =>
  shape.map((size, axis) => Math.floor(flat / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % size);
const ravel = (index: readonly number[], shape: readonly number[]): number =>
  index.reduce((flat, at, axis) => flat * shape[axis]! + at, 0);
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Distinct weights of a result's elements, so that a gradient in the wrong place shows. */
const weightOf = (flat: number): number => ((flat * 7) % 11) + 1;
const weights = (shape: readonly number[]): tf.Tensor =>
  tf.tensor(
    Array.from({ length: sizeOf(shape) }, (_, flat) => weightOf(flat)),
    [...shape],
  );

/** d(sum of weights * op(x))/dx, eagerly and compiled. */
async function gradientsOf(
  op: (x: tf.Tensor) => tf.Tensor,
  x: { readonly data: readonly number[]; readonly shape: readonly number[] },
): Promise<readonly [tf.Tensor, tf.Tensor]> {
  const gradient = (value: tf.Tensor): tf.Tensor =>
    tf.grad((inner) => {
      const y = op(inner);
      return tf.sum(tf.mul(y, weights(y.shape)));
    })(value);
  const input = tf.tensor([...x.data], [...x.shape]);
  return [gradient(input), await compile(gradient)(input)];
}

/** Both must be the reference. */
async function expectGradients(
  op: (x: tf.Tensor) => tf.Tensor,
  x: { readonly data: readonly number[]; readonly shape: readonly number[] },
  expected: readonly number[],
): Promise<void> {
  for (const gradient of await gradientsOf(op, x))
    expect(gradient).toBeAllClose({ data: [...expected], shape: [...x.shape] });
}

it.each([
  { shape: [2, 3, 2], axis: 1, zeros: 0 },
  { shape: [2, 3, 2], axis: [0, 2], zeros: 1 },
  { shape: [2, 3], axis: undefined, zeros: 2 },
  { shape: [4], axis: -1, zeros: 1 },
])('tf.prod over $axis of $shape with $zeros zeros', async ({ shape, axis, zeros }) => {
  const data = Array.from({ length: sizeOf(shape) }, (_, flat) => (flat < zeros ? 0 : (flat % 3) + 0.5));
  const axes = (axis === undefined ? shape.map((_, i) => i) : [axis].flat()).map(
    (a) => (a + shape.length) % shape.length,
  );
  const kept = shape.filter((_, i) => !axes.includes(i));
  const expected = numericGradient((x) => {
    const products = new Array<number>(sizeOf(kept)).fill(1);
    x.forEach((value, flat) => {
      const index = unravel(flat, shape).filter((_, i) => !axes.includes(i));
      products[ravel(index, kept)]! *= value;
    });
    return products.reduce((sum, product, flat) => sum + product * weightOf(flat), 0);
  }, data);
  await expectGradients((x) => tf.prod(x, axis), { data, shape }, expected);
});

it.each([
  { axis: 0, exclusive: false, reverse: false },
  { axis: 1, exclusive: true, reverse: false },
  { axis: 1, exclusive: false, reverse: true },
  { axis: -1, exclusive: true, reverse: true },
])('tf.cumsum along $axis, exclusive $exclusive, reverse $reverse', async ({ axis, exclusive, reverse }) => {
  const shape = [3, 4, 2];
  const at = (axis + 3) % 3;
  const data = Array.from({ length: 24 }, (_, flat) => flat % 5);
  const expected = data.map((_, source) => {
    const from = unravel(source, shape);
    return data.reduce((sum, __, target) => {
      const to = unravel(target, shape);
      const same = to.every((place, i) => i === at || place === from[i]);
      const [a, b] = reverse ? [from[at]!, to[at]!] : [to[at]!, from[at]!];
      return sum + (same && (exclusive ? a > b : a >= b) ? weightOf(target) : 0);
    }, 0);
  });
  await expectGradients((x) => tf.cumsum(x, at, exclusive, reverse), { data, shape }, expected);
});

it.each([
  { x: [2, 3, 4], indices: [2, 3, 2], axis: 2, batchDims: 2 },
  { x: [2, 5, 3], indices: [2, 4], axis: 1, batchDims: 1 },
  { x: [2, 3, 5], indices: [2, 2], axis: 2, batchDims: 1 },
  { x: [3, 4], indices: [2, 2], axis: 1, batchDims: 0 },
])('tf.gather of $x at $indices, axis $axis, batch axes $batchDims', async ({ x, indices, axis, batchDims }) => {
  const length = x[axis]!;
  const at = Array.from({ length: sizeOf(indices) }, (_, flat) => (flat * 3 + 1) % length);
  const own = indices.slice(batchDims);
  const shape = [...x.slice(0, axis), ...own, ...x.slice(axis + 1)];
  const expected = new Array<number>(sizeOf(x)).fill(0);
  for (let flat = 0; flat < sizeOf(shape); flat++) {
    const to = unravel(flat, shape);
    const inner = to.slice(axis, axis + own.length);
    const source = at[ravel([...to.slice(0, batchDims), ...inner], indices)]!;
    expected[ravel([...to.slice(0, axis), source, ...to.slice(axis + own.length)], x)]! += weightOf(flat);
  }
  const data = Array.from({ length: sizeOf(x) }, (_, flat) => flat);
  await expectGradients(
    (value) => tf.gather(value, tf.tensor(at, indices, 'int32'), axis, batchDims),
    { data, shape: x },
    expected,
  );
});

it('tf.topk, tf.gatherND and tf.scatterND', async () => {
  const ranked = { data: [3, 1, 2, 5, 9, 7], shape: [2, 3] };
  await expectGradients((x) => tf.topk(x, 2).values, ranked, [
    weightOf(0),
    0,
    weightOf(1),
    0,
    weightOf(2),
    weightOf(3),
  ]);
  const places = tf.tensor2d(
    [
      [0, 1],
      [1, 0],
      [0, 1],
    ],
    [3, 2],
    'int32',
  );
  const params = { data: [1, 2, 3, 4], shape: [2, 2] };
  await expectGradients((x) => tf.gatherND(x, places), params, [0, weightOf(0) + weightOf(2), weightOf(1), 0]);
  const updates = { data: [1, 2, 3], shape: [3] };
  await expectGradients((x) => tf.scatterND(places, x, [2, 2]), updates, [weightOf(1), weightOf(2), weightOf(1)]);
});

it.each([
  { name: 'maximum', op: tf.maximum, sign: 1 },
  { name: 'minimum', op: tf.minimum, sign: -1 },
])('tf.$name of operands that are broadcast', async ({ op, sign }) => {
  const other = [2, 0, 1, 1, 5, 1];
  const data = [1, 3, 1];
  const expected = data.map((value, column) =>
    [0, 1].reduce((sum, row) => {
      const flat = row * 3 + column;
      return sum + (sign * (value - other[flat]!) >= 0 ? weightOf(flat) : 0);
    }, 0),
  );
  await expectGradients((x) => op(x, tf.tensor2d(other, [2, 3])), { data, shape: [3] }, expected);
  const second = data.map((value, column) =>
    [0, 1].reduce((sum, row) => {
      const flat = row * 3 + column;
      return sum + (sign * (value - other[flat]!) > 0 ? weightOf(flat) : 0);
    }, 0),
  );
  await expectGradients((x) => op(tf.tensor2d(other, [2, 3]), x), { data, shape: [1, 3] }, second);
});

it('tf.gather with axes counted from the end, and tf.gatherND at one place', async () => {
  const x = { data: [1, 2, 3, 4, 5, 6], shape: [2, 3] };
  const indices = tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32');
  const expected = [weightOf(1), 0, weightOf(0), 0, weightOf(2) + weightOf(3), 0];
  await expectGradients((value) => tf.gather(value, indices, -1, -1), x, expected);
  const place = tf.tensor1d([1, 2], 'int32');
  await expectGradients((value) => tf.gatherND(value, place), x, [0, 0, 0, 0, 0, weightOf(0)]);
});

it('tf.cumsum along the last axis, counted from the end', () =>
  expectGradients((x) => tf.cumsum(x, -1), { data: [1, 2, 3, 4], shape: [2, 2] }, [
    weightOf(0) + weightOf(1),
    weightOf(1),
    weightOf(2) + weightOf(3),
    weightOf(3),
  ]));
