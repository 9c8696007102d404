import { randomKey } from '@selfsup/ssl-core';
import { expect, test } from 'vitest';
import { drawRows } from './classify-stage.js';

const labels = Int32Array.from({ length: 100 }, (_, i) => (i < 3 ? 7 : i % 2));

test('every class gives as many rows as asked for, a rare one all it has, none twice', () => {
  const rows = drawRows(labels, 10, randomKey(0));
  expect(new Set(rows).size).toBe(rows.length);
  const counts = [0, 1, 7].map((label) => rows.filter((row) => labels[row] === label).length);
  expect(counts).toEqual([10, 10, 3]);
});

test('the key decides the draw', () => {
  expect(drawRows(labels, 10, randomKey(0))).toEqual(drawRows(labels, 10, randomKey(0)));
  expect(drawRows(labels, 10, randomKey(1))).not.toEqual(drawRows(labels, 10, randomKey(0)));
});
