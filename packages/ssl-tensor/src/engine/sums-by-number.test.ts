import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { filled } from '../../../../test/support/exact-sums.js';
import { sumByNumber } from './sums-by-number.js';

beforeEach(() => tf.setBackend('cpu'));

it.each([
  { name: 'few places', numbers: (row: number) => row % 3, places: 3 },
  { name: 'one full place of many', numbers: (row: number) => (row < 200 ? 5 : row % 11), places: 20 },
  { name: 'numbers that are no place', numbers: (row: number) => (row % 4) - 1, places: 2 },
])('adds rows of $name', ({ numbers, places }) => {
  const x = filled('levels', [300, 2, 3]);
  const expected = new Float64Array(places * 6);
  x.data.forEach((value, index) => {
    const place = numbers(Math.floor(index / 6));
    if (place >= 0 && place < places) expected[place * 6 + (index % 6)]! += value;
  });
  const ids = tf.tensor1d(
    Int32Array.from({ length: 300 }, (_, row) => numbers(row)),
    'int32',
  );
  const tensor = tf.tensor(x.data, [300, 2, 3]);
  const before = tf.memory().numTensors;
  const sums = sumByNumber(tensor, ids, places)!;
  expect(tf.memory().numTensors).toBe(before + 1);
  expect(sums).toBeAllClose({ data: [...expected], shape: [places, 2, 3] }, { rtol: 1e-6 });
});

it('leaves places of few rows to the runtime', () => {
  const numbers = tf.tensor1d(
    Int32Array.from({ length: 128 }, (_, row) => row % 2),
    'int32',
  );
  expect(sumByNumber(tf.ones([128, 3]), numbers, 2)).toBeUndefined();
});
