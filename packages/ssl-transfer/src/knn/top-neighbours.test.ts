import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TopNeighbours } from './top-neighbours.js';

it('keeps what a full sort keeps, ties included', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 60 }),
      (values, wanted) => {
        const k = Math.min(wanted, values.length);
        const best = new TopNeighbours(2, k);
        values.forEach((value, index) => best.offer(1, value, index));
        values.forEach((value, index) => best.offer(0, -value, index));
        const { indexes, similarities } = best.finish();
        const sorted = values
          .map((value, index) => ({ value, index }))
          .sort((a, b) => b.value - a.value || a.index - b.index);
        expect(Array.from(indexes.subarray(k))).toEqual(sorted.slice(0, k).map(({ index }) => index));
        expect(Array.from(similarities.subarray(k))).toEqual(sorted.slice(0, k).map(({ value }) => value));
        expect(similarities[0]).toBeCloseTo(-Math.min(...values), 12);
      },
    ),
    { seed: 2, numRuns: 200 },
  );
});

it('says when a candidate is too far', () => {
  const best = new TopNeighbours(1, 2);
  expect([0.5, 0.7, 0.5, 0.4, 0.6].map((similarity, index) => best.offer(0, similarity, index))).toEqual([
    true,
    true,
    false,
    false,
    true,
  ]);
});

it('keeps NaN before all numbers, and the numbers beside it', () => {
  const best = new TopNeighbours(1, 4);
  [0.1, NaN, 0.9, Infinity, NaN, 0.3].forEach((similarity, index) => best.offer(0, similarity, index));
  const { indexes, similarities } = best.finish();
  expect([...indexes]).toEqual([1, 4, 3, 2]);
  expect([...similarities]).toEqual([NaN, NaN, Infinity, Math.fround(0.9)]);
});
