import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { framePair } from './frame-pair.js';

const texts = (first: number, second: number): [number[], number[]] => [
  Array.from({ length: first }, (_, index) => 10 + index),
  Array.from({ length: second }, (_, index) => 40 + index),
];
const frame = { cls: 2, sep: 3 };

describe('framePair', () => {
  it('puts two texts into one row', () => {
    expect(framePair(...texts(2, 2), { ...frame, maxLength: 9 })).toEqual({
      ids: [2, 10, 11, 3, 40, 41, 3],
      tokenTypeIds: [0, 0, 0, 0, 1, 1, 1],
      secondStart: 4,
      secondLength: 2,
    });
    const roberta = framePair(...texts(1, 1), { ...frame, maxLength: 9, separators: 2 });
    expect([roberta.ids, roberta.secondStart]).toEqual([[2, 10, 3, 3, 40, 3], 4]);
  });

  // Lengths of both texts and of the row, and what Hugging Face's Rust library leaves of each (tokenizers 0.23, longest_first).
  it.each([
    [5, 3, 8, 3, 2],
    [3, 5, 8, 2, 3],
    [5, 5, 8, 2, 3],
    [6, 5, 9, 3, 3],
    [2, 9, 8, 2, 3],
    [9, 1, 8, 4, 1],
    [1, 9, 7, 1, 3],
    [7, 7, 12, 4, 5],
    [8, 7, 12, 5, 4],
    [7, 8, 12, 4, 5],
    [4, 4, 11, 4, 4],
    [3, 2, 10, 3, 2],
  ])('cuts %i and %i tokens for a row of %i as the Rust library', (first, second, maxLength, left, right) => {
    const { ids } = framePair(...texts(first, second), { ...frame, maxLength });
    expect([ids.filter((id) => id >= 10 && id < 40).length, ids.filter((id) => id >= 40).length]).toEqual([
      left,
      right,
    ]);
    expect(ids.length).toBeLessThanOrEqual(maxLength);
  });

  it('cuts the second alone where the first is a question', () => {
    const { ids, secondLength } = framePair(...texts(4, 9), { ...frame, maxLength: 9, cut: 'second' });
    expect([ids, secondLength]).toEqual([[2, 10, 11, 12, 13, 3, 40, 41, 3], 2]);
    expect(() => framePair(...texts(6, 9), { ...frame, maxLength: 9, cut: 'second' })).toThrow(InvalidOptionError);
  });
});
