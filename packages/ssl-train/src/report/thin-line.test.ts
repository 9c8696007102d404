import fc from 'fast-check';
import { expect, test } from 'vitest';
import { smoothedLine } from './smoothed-line.js';
import { thinLine } from './thin-line.js';

const line = (values: readonly number[]): { step: number; value: number }[] =>
  values.map((value, index) => ({ step: index + 1, value }));

test('a thinned line keeps ends, extremes and order, within its bound', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 400 }),
      fc.integer({ min: 4, max: 60 }),
      (values, most) => {
        const thinned = thinLine(line(values), most);
        expect(thinned.length).toBeLessThanOrEqual(Math.max(most, Math.min(values.length, most)));
        const steps = thinned.map(({ step }) => step);
        expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
        expect([steps[0], steps.at(-1)]).toEqual([1, values.length]);
        const kept = thinned.map(({ value }) => value);
        expect(Math.min(...kept)).toBe(Math.min(...values));
        expect(Math.max(...kept)).toBe(Math.max(...values));
      },
    ),
    { seed: 1 },
  );
});

test('one spike among a million values stays, and what is no number hides none', () => {
  const values = line(Array.from({ length: 1_000_000 }, (_, index) => (index % 5000 === 0 ? NaN : 1)));
  values[777_777] = { step: 777_778, value: 99 };
  values[123_456] = { step: 123_457, value: -99 };
  const thinned = thinLine(values, 2000);
  expect(thinned).toContainEqual({ step: 777_778, value: 99 });
  expect(thinned).toContainEqual({ step: 123_457, value: -99 });
});

test('the smoothed line is the mean of the neighbourhood', () => {
  const values = Array.from({ length: 200 }, (_, index) => Math.sin(index) + (index === 60 ? Infinity : 0));
  const smooth = smoothedLine(line(values));
  expect(smooth).toHaveLength(200);
  for (const index of [0, 3, 57, 60, 100, 199]) {
    const reach = Math.min(5, index, 199 - index);
    const near = values.slice(index - reach, index + reach + 1).filter(Number.isFinite);
    const mean = near.reduce((sum, value) => sum + value, 0) / near.length;
    expect(smooth[index]!.value).toBeCloseTo(mean, 10);
  }
  expect(smoothedLine(line([1, 2, 3]))).toEqual([]);
});
