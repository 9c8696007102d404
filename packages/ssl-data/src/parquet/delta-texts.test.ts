import { DataError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { deltaLengths } from './delta-lengths.js';
import { deltaTexts } from './delta-texts.js';

/** The examples of Encodings.md: 128 values a block in 4 parts. */
const head = (count: number, first: number): number[] => [0x80, 0x01, 4, count, 2 * first];

it('reads numbers as the format describes them', () => {
  // 1, 2, 3, 4, 5: differences of 1 alone, so no bits.
  expect([...deltaLengths(Buffer.from([...head(5, 1), 2, 0, 0, 0, 0]), 5).values]).toEqual([1, 2, 3, 4, 5]);
  // 7, 5, 3, 1, 2, 3, 4, 5: least difference -2, above it 0 0 0 3 3 3 3 in two bits.
  const packed = [0b11000000, 0b00111111, 0, 0, 0, 0, 0, 0];
  const { values, end } = deltaLengths(Buffer.from([...head(8, 7), 3, 2, 0, 0, 0, ...packed, 99]), 8);
  expect([...values]).toEqual([7, 5, 3, 1, 2, 3, 4, 5]);
  expect(end).toBe(18);
  expect(deltaLengths(Buffer.from([...head(1, 9)]), 1)).toEqual({ values: Int32Array.of(9), end: 5 });
});

it('refuses what ends too early, other counts, and sizes that are none', () => {
  for (const [bytes, count] of [
    [[], 1],
    [head(5, 1), 5],
    [[...head(5, 1), 2, 1, 0, 0, 0], 5],
    [[...head(5, 1), 2, 33, 0, 0, 0, ...Array.from({ length: 200 }, () => 1)], 5],
    [[...head(5, 1), 2, 0, 0, 0, 0], 6],
    [[0x80, 0x01, 0, 5, 2], 5],
    [[0x81, 0x01, 4, 5, 2], 5],
    [[255, 255, 255, 255, 255, 255], 5],
  ] as const)
    expect(() => deltaLengths(Buffer.from(bytes), count)).toThrow(DataError);
});

it('refuses values that grow to the square of their bytes', () => {
  const count = 100;
  // Each is the one before and a letter more: shared 0, 1, 2 ..., rests of length 1.
  const bytes = [...head(count, 0), 2, 0, 0, 0, 0, ...head(count, 1), 0, 0, 0, 0, 0, ...Buffer.alloc(count, 'a')];
  const texts = deltaTexts(Buffer.from(bytes), count, 5050);
  expect(texts.map(({ length }) => length)).toEqual(Array.from({ length: count }, (_, at) => at + 1));
  expect(texts.at(-1)!.toString()).toBe('a'.repeat(100));
  expect(() => deltaTexts(Buffer.from(bytes), count, 5049)).toThrow(/more than 5049 bytes/);
});
