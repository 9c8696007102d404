import { DataError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { ArrayDataset } from './array-dataset.js';
import { labelledRows } from './labelled-rows.js';
import { subset } from './subset.js';

it('numbers the samples that have a label', async () => {
  const labels = [-1, 3, 0, -1, 2];
  expect(labelledRows(labels)).toEqual(Int32Array.of(1, 2, 4));
  const part = subset(new ArrayDataset(labels), labelledRows(labels));
  expect(await Promise.all([0, 1, 2].map(async (index) => part.get(index)))).toEqual([3, 0, 2]);
});

it('refuses what is no label, and data without any', () => {
  for (const wrong of [-2, 0.5, NaN]) expect(() => labelledRows([0, wrong])).toThrow(DataError);
  expect(() => labelledRows([-1, -1])).toThrow('no sample has a label');
  expect(() => labelledRows([])).toThrow(DataError);
});
