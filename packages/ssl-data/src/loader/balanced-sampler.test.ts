import fc from 'fast-check';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { balancedSampler } from './balanced-sampler.js';

const timesEach = (indices: Int32Array, length: number): number[] => {
  const times = Array.from({ length }, () => 0);
  for (const index of indices) times[index]!++;
  return times;
};

// 4 of class 0, 20 of class 3, 12 of class 7, 5 without.
const labels = Array.from({ length: 41 }, (_, at) => (at < 4 ? 0 : at < 24 ? 3 : at < 36 ? 7 : -1));

describe('balancedSampler', () => {
  it('shows every class equally often: small ones repeatedly, of large ones another part each epoch', () => {
    const sampler = balancedSampler(labels, { seed: 3 });
    expect(sampler).toHaveLength(36);
    const seen = new Set<number>();
    for (let epoch = 0; epoch < 20; epoch++) {
      const times = timesEach(sampler.indices(epoch), 41);
      expect(times.slice(0, 4)).toEqual([3, 3, 3, 3]);
      expect(Math.max(...times.slice(4, 24))).toBe(1);
      expect(times.slice(4, 24).reduce((a, b) => a + b)).toBe(12);
      expect(times.slice(24, 36)).toEqual(Array.from({ length: 12 }, () => 1));
      expect(times.slice(36)).toEqual([0, 0, 0, 0, 0]);
      for (const index of sampler.indices(epoch)) if (index >= 4 && index < 24) seen.add(index);
    }
    expect(seen.size).toBe(20);
  });

  it('mixes the classes', () => {
    const order = [...balancedSampler(labels, { seed: 0 }).indices(0)].map((index) => labels[index]!);
    for (const part of [order.slice(0, 18), order.slice(18)]) expect(new Set(part)).toEqual(new Set([0, 3, 7]));
  });

  it('holds for any classes, and depends on seed and epoch alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 5 }),
        (classes, samplesPerClass, epoch) => {
          fc.pre(classes.some((label) => label >= 0));
          const sampler = balancedSampler(classes, { samplesPerClass, seed: 9 });
          const indices = sampler.indices(epoch);
          expect(indices).toHaveLength(sampler.length);
          expect(balancedSampler(classes, { samplesPerClass, seed: 9 }).indices(epoch)).toEqual(indices);
          const times = timesEach(indices, classes.length);
          const known = new Set(classes.filter((label) => label >= 0));
          expect(indices.every((index) => known.has(classes[index]!))).toBe(true);
          for (const label of known) {
            const own = times.filter((_, at) => classes[at] === label);
            expect(own.reduce((a, b) => a + b)).toBe(samplesPerClass);
            expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
          }
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('refuses what makes no sense', () => {
    expect(() => balancedSampler([-1, -1])).toThrow(DataError);
    expect(() => balancedSampler([0], { samplesPerClass: 0 })).toThrow(InvalidOptionError);
    expect(() => balancedSampler([0, 1], { samplesPerClass: 2 ** 30 })).toThrow(/samplesPerClass must be/);
    expect(() => balancedSampler([0], { seed: NaN })).toThrow(InvalidOptionError);
  });
});
