import { describe, expect, it } from 'vitest';
import { randomKey } from './random-key.js';
import { RandomStream } from './random-stream.js';
import { threefry2x32 } from './threefry.js';

const stream = (seed: number): RandomStream => new RandomStream(randomKey(seed));
const draws = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Pearson's statistic of counts against a uniform expectation. */
const chiSquare = (counts: readonly number[]): number => {
  const expected = mean(counts);
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
};

describe('RandomStream', () => {
  it('draws the words of consecutive counters', () => {
    const key = randomKey(8);
    const words = stream(8);
    expect(draws(4, () => words.bits())).toEqual([...threefry2x32(key, 0, 0), ...threefry2x32(key, 0, 1)]);
  });

  it('depends on the key alone', () => {
    const [a, b, c] = [stream(1), stream(1), stream(2)];
    const first = draws(50, () => a.uniform());
    expect(draws(50, () => b.uniform())).toEqual(first);
    expect(draws(50, () => c.uniform()).filter((value, i) => value === first[i])).toEqual([]);
  });

  it('uniform stays in [low, high) and fills it evenly', () => {
    const source = stream(2);
    const values = draws(20_000, () => source.uniform(-2, 3));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...values)).toBeLessThan(3);
    const bins = new Array<number>(10).fill(0);
    for (const value of values) bins[Math.floor((value + 2) * 2)]!++;
    // 99.99 % of chi-square with 9 degrees of freedom lies below 33.7.
    expect(chiSquare(bins)).toBeLessThan(33.7);
  });

  it.each([1, 2, 7, 10])('integer below %s hits each number equally often', (bound) => {
    const source = stream(3);
    const counts = new Array<number>(bound).fill(0);
    for (let i = 0; i < 2000 * bound; i++) counts[source.integer(bound)]!++;
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2000 * bound);
    expect(chiSquare(counts)).toBeLessThan(33.7);
  });

  it('integer takes bounds up to 2^32', () => {
    const source = stream(4);
    const values = draws(1000, () => source.integer(2 ** 32));
    expect(Math.max(...values)).toBeGreaterThan(0.99 * 2 ** 32);
    expect(values.every((value) => Number.isInteger(value) && value < 2 ** 32)).toBe(true);
  });

  it('bernoulli is true with its probability', () => {
    const source = stream(5);
    const rate = mean(draws(10_000, () => Number(source.bernoulli(0.3))));
    expect(Math.abs(rate - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / 10_000));
    expect(draws(100, () => Number(source.bernoulli(0)))).not.toContain(1);
    expect(draws(100, () => Number(source.bernoulli(1)))).not.toContain(0);
  });

  it('normal has the moments of a Gaussian, and consecutive draws are uncorrelated', () => {
    const source = stream(6);
    const n = 20_000;
    const values = draws(n, () => source.normal(1, 2)).map((value) => (value - 1) / 2);
    expect(Math.abs(mean(values))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(mean(values.map((z) => z ** 2)) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(mean(values.map((z) => z ** 3)))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(mean(values.map((z) => z ** 4)) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    expect(Math.abs(mean(values.slice(1).map((z, i) => z * values[i]!)))).toBeLessThan(4 / Math.sqrt(n));
    expect(values.every((z) => Number.isFinite(z))).toBe(true);
  });

  it('permutation holds every index once, and each index comes first equally often', () => {
    const source = stream(7);
    expect(Array.from(source.permutation(100)).toSorted((a, b) => a - b)).toEqual([...new Array(100).keys()]);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i++) counts[source.permutation(6)[0]!]!++;
    expect(chiSquare(counts)).toBeLessThan(33.7);
    expect(source.permutation(0)).toHaveLength(0);
    expect(Array.from(source.permutation(1))).toEqual([0]);
  });
});
