import { DataError, InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { gatherRows } from './gather-rows.js';
import { labelDraws } from './label-draws.js';

const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);

it('draws the same number of each class, without replacement', () => {
  for (const draw of labelDraws(labels, 4, 5, randomKey(1))) {
    expect(new Set(draw).size).toBe(12);
    expect([0, 1, 2].map((c) => draw.filter((i) => labels[i] === c).length)).toEqual([4, 4, 4]);
  }
});

it('depends on the key alone, draw by draw', () => {
  const draws = labelDraws(labels, 4, 3, randomKey(1));
  expect(labelDraws(labels, 4, 1, randomKey(1))[0]).toEqual(draws[0]);
  expect(draws[1]).not.toEqual(draws[0]);
  expect(labelDraws(labels, 4, 1, randomKey(2))[0]).not.toEqual(draws[0]);
});

it('refuses more than a class has', () => {
  expect(() => labelDraws(labels, 21, 1, randomKey(1))).toThrow(DataError);
  expect(() => labelDraws(labels, 0, 1, randomKey(1))).toThrow(InvalidOptionError);
});

it('gathers rows of any shape', () => {
  const images = { data: Uint8Array.from({ length: 24 }, (_, i) => i), shape: [3, 2, 4] };
  const chosen = gatherRows(images, [2, 0, 2]);
  expect(chosen.shape).toEqual([3, 2, 4]);
  expect(chosen.data).toBeInstanceOf(Uint8Array);
  expect([chosen.data[0], chosen.data[8], chosen.data[23]]).toEqual([16, 0, 23]);
  expect(() => gatherRows(images, [3])).toThrow('0 .. 2');
});
