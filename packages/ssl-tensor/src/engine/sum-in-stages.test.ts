import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { filled, sumsOver } from '../../../../test/support/exact-sums.js';
import { sumInStages } from './sum-in-stages.js';

beforeEach(() => tf.setBackend('cpu'));

it.each([
  { shape: [4096], axes: [0], name: 'blocks of neighbours' },
  { shape: [4099], axes: [0], name: 'a prime number of neighbours' },
  { shape: [3, 2503], axes: [1], name: 'a prime number in each row' },
  { shape: [600, 5], axes: [0], name: 'blocks of rows' },
  { shape: [2, 211, 3], axes: [1], name: 'a prime number of rows' },
  { shape: [7, 4, 9, 3, 5], axes: [0, 2, 4], name: 'three runs' },
  { shape: [12, 1, 11, 6], axes: [0, 1, 2], name: 'an axis of one' },
])('adds $name, $shape over $axes', ({ shape, axes }) => {
  const x = filled('levels', shape);
  const { sums } = sumsOver(x, axes);
  const count = x.data.length / sums.length;
  const kept = shape.filter((_, axis) => !axes.includes(axis));
  const tensor = tf.tensor(x.data, shape);
  const before = tf.memory().numTensors;
  const sum = sumInStages(tensor, axes, false, false)!;
  const mean = sumInStages(tensor, axes, true, true)!;
  expect(tf.memory().numTensors).toBe(before + 2);
  expect(sum).toBeAllClose({ data: [...sums], shape: kept }, { rtol: 1e-6 });
  expect(mean).toBeAllClose(
    {
      data: Array.from(sums, (value) => value / count),
      shape: shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
    },
    { rtol: 1e-6 },
  );
});

it('means whole numbers', () => {
  const x = tf.range(0, 5000, 1, 'int32');
  expect(sumInStages(x, [0], false, true)!.dataSync()[0]).toBe(2499.5);
});

it('leaves short sums to the runtime', () => {
  expect(sumInStages(tf.ones([2048]), [0], false, false)).toBeUndefined();
  expect(sumInStages(tf.ones([100, 70]), [0], false, false)).toBeUndefined();
  expect(sumInStages(tf.ones([8, 3, 8]), [0, 2], false, false)).toBeUndefined();
  expect(sumInStages(tf.zeros([0, 3]), [0], false, false)).toBeUndefined();
  expect(sumInStages(tf.scalar(1), [], false, false)).toBeUndefined();
});
