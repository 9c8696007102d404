import { expect, test } from 'vitest';
import { chooseQueries } from './neighbours-stage.js';

test('half of the queries are of different classes, the rest have a neighbour of another class', () => {
  const labels = Int32Array.from([7, 7, 2, 1, 7, 2, 4]);
  expect(chooseQueries(labels, 4, (row) => row === 4 || row === 5)).toEqual([0, 2, 4, 5]);
});

test('fills up with others where too few have one', () => {
  const labels = Int32Array.from([7, 7, 2]);
  expect(chooseQueries(labels, 3, () => false)).toEqual([0, 2, 1]);
  expect(chooseQueries(labels, 9, () => false)).toHaveLength(3);
});
