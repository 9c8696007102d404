import { DataError, InvalidOptionError, randomKey } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { fractionSubset } from './fraction-subset.js';

// 300 of class 0, 100 of class 1, 30 of class 2, 70 without.
const labels = Array.from({ length: 500 }, (_, at) => (at % 5 < 3 ? 0 : at % 5 === 3 ? 1 : at < 150 ? 2 : -1));
const perClass = (chosen: Int32Array): number[] =>
  [0, 1, 2].map((label) => [...chosen].filter((index) => labels[index] === label).length);

describe('fractionSubset', () => {
  it.each([
    [0.01, [3, 1, 1]],
    [0.1, [30, 10, 3]],
    [0.2, [60, 20, 6]],
    [1, [300, 100, 30]],
  ])('draws %d of every class, without a second time', (fraction, expected) => {
    const chosen = fractionSubset(labels, fraction, randomKey(2));
    expect(perClass(chosen)).toEqual(expected);
    expect(new Set(chosen).size).toBe(chosen.length);
    expect(chosen).toHaveLength(expected.reduce((a, b) => a + b));
    expect([...chosen].map((index) => labels[index])).toEqual(
      expected.flatMap((count, label) => Array.from({ length: count }, () => label)),
    );
  });

  it('depends on the key, and a smaller part lies within a larger one', () => {
    const tenth = fractionSubset(labels, 0.1, randomKey(2));
    expect(fractionSubset(labels, 0.1, randomKey(2))).toEqual(tenth);
    expect(fractionSubset(labels, 0.1, randomKey(3))).not.toEqual(tenth);
    const fifth = new Set(fractionSubset(labels, 0.2, randomKey(2)));
    expect([...tenth].every((index) => fifth.has(index))).toBe(true);
    expect([...fractionSubset(labels, 0.01, randomKey(2))].every((index) => tenth.includes(index))).toBe(true);
  });

  it('refuses what makes no sense', () => {
    for (const fraction of [0, -0.1, 1.1, NaN])
      expect(() => fractionSubset(labels, fraction, randomKey(0))).toThrow(InvalidOptionError);
    expect(() => fractionSubset([-1], 0.5, randomKey(0))).toThrow(DataError);
  });
});
