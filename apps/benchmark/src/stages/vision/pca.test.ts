import { RandomStream, randomKey } from '@selfsup/ssl-core';
import { expect, test } from 'vitest';
import { pca } from './pca.js';

const key = randomKey(0);

test('finds the axes of a stretched cloud, largest variance first', () => {
  const random = new RandomStream(randomKey(5));
  const n = 2000;
  const data = Float32Array.from({ length: n * 3 }, (_, i) => random.normal(0, [1, 5, 0.1][i % 3]) + 7);
  const rows = pca({ data, shape: [n, 3] }, 2, key);
  const mean = (axis: number): number => rows.reduce((sum, row) => sum + row[axis]!, 0) / n;
  const deviation = (axis: number): number => Math.sqrt(rows.reduce((sum, row) => sum + row[axis]! ** 2, 0) / n);
  expect(rows[0]).toHaveLength(2);
  expect(mean(0)).toBeCloseTo(0, 4);
  expect(deviation(0)).toBeGreaterThan(4.8);
  expect(deviation(0)).toBeLessThan(5.2);
  expect(deviation(1)).toBeGreaterThan(0.93);
  expect(deviation(1)).toBeLessThan(1.07);
  const first = data[1]! - 7;
  expect(Math.abs(rows[0]![0]!)).toBeCloseTo(Math.abs(first), 0);
});

test('keeps distances when all components are kept, and stands data without any spread', () => {
  const data = Float32Array.from([0, 0, 3, 4, 6, 8, 1, 0]);
  const rows = pca({ data, shape: [4, 2] }, 5, key);
  const distance = (a: number, b: number): number =>
    Math.hypot(rows[a]![0]! - rows[b]![0]!, rows[a]![1]! - rows[b]![1]!);
  expect(distance(0, 1)).toBeCloseTo(5, 5);
  expect(distance(1, 2)).toBeCloseTo(5, 5);
  expect(distance(0, 3)).toBeCloseTo(1, 5);
  expect(
    pca({ data: new Float32Array(8).fill(2), shape: [4, 2] }, 2, key)
      .flat()
      .every((value) => value === 0),
  ).toBe(true);
});
