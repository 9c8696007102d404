import fc from 'fast-check';
import { expect, it } from 'vitest';
import { histogramOf } from './histogram.js';

it('counts every finite value once, in the bucket whose end it does not pass', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
      const { counts, limits, min, max } = histogramOf(values)!;
      expect(counts.reduce((sum, count) => sum + count)).toBe(values.length);
      expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
      expect(limits.at(-1)).toBe(max);
      expect(limits.toSorted((a, b) => a - b)).toEqual(limits);
    }),
    { seed: 5 },
  );
  const { counts, limits, sum, sumOfSquares } = histogramOf(Float32Array.from({ length: 60 }, (_, i) => i / 2))!;
  expect(counts).toEqual(Array.from({ length: 30 }, () => 2));
  expect(limits[0]).toBeCloseTo(29.5 / 30, 12);
  expect([sum, sumOfSquares]).toEqual([885, 17552.5]);
});

it('counts what is not finite apart', () => {
  expect(histogramOf([NaN, 1, Infinity, 1])).toEqual({
    min: 1,
    max: 1,
    count: 2,
    sum: 2,
    sumOfSquares: 2,
    limits: [1],
    counts: [2],
    nonFinite: 2,
  });
  expect([histogramOf([NaN]), histogramOf([])]).toEqual([undefined, undefined]);
});
