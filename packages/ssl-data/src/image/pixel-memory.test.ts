import { expect, it } from 'vitest';
import { newPixels, ReusedMemory, withMemory } from './pixel-memory.js';

it('gives parts that do not overlap, also while it grows', () => {
  const memory = new ReusedMemory();
  const parts = [3, 100, 5000, 1, 70_000].map((length, i) => memory.take(length).fill(i + 1));
  parts.forEach((part, i) => expect(part.every((level) => level === i + 1)).toBe(true));
  expect(parts.map(({ length }) => length)).toEqual([3, 100, 5000, 1, 70_000]);
});

it('gives the same bytes again after a reset', () => {
  const memory = new ReusedMemory();
  memory.take(1000);
  memory.reset();
  const first = memory.take(1000).fill(7);
  memory.reset();
  const second = memory.take(1000);
  expect(second.buffer).toBe(first.buffer);
  expect(second[999]).toBe(7);
});

it('keeps no more than 32 MiB', () => {
  const memory = new ReusedMemory();
  expect(memory.take(2 ** 25 + 1).buffer.byteLength).toBe(2 ** 25 + 1);
  for (let i = 0; i < 5; i++) expect(memory.take(2 ** 24).buffer.byteLength).toBeLessThanOrEqual(2 ** 25);
});

it('is where operations put their results, inside its function only', () => {
  const memory = new ReusedMemory();
  const kept = memory.take(10);
  const inside = withMemory(memory, () => newPixels(10));
  expect(inside.buffer).toBe(kept.buffer);
  expect(() =>
    withMemory(memory, () => {
      throw new Error('view');
    }),
  ).toThrow('view');
  expect(newPixels(10).buffer).not.toBe(kept.buffer);
});
