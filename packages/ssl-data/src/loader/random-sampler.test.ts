import { foldIn, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { randomSampler } from './random-sampler.js';

describe('randomSampler', () => {
  it('gives the order that the loader has always had', () => {
    for (const epoch of [0, 1, 7]) {
      const key = foldIn(foldIn(randomKey(5), 'order'), epoch);
      expect([...randomSampler(40, { seed: 5 }).indices(epoch)]).toEqual([...new RandomStream(key).permutation(40)]);
    }
    expect([...randomSampler(8).indices(0)]).toEqual([...randomSampler(8, { seed: 0 }).indices(0)]);
    expect([...randomSampler(40, { seed: 6 }).indices(0)]).not.toEqual([...randomSampler(40, { seed: 5 }).indices(0)]);
  });

  it('draws from some samples only', () => {
    const some = [3, 9, 27, 4, 8];
    const sampler = randomSampler(some, { seed: 1 });
    expect(sampler).toHaveLength(5);
    const orders = Array.from({ length: 20 }, (_, epoch) => [...sampler.indices(epoch)]);
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual([3, 4, 8, 9, 27]);
    expect(new Set(orders.map((order) => order.join())).size).toBeGreaterThan(10);
  });

  it('puts every sample everywhere equally often', () => {
    const sampler = randomSampler(4, { seed: 2 });
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let epoch = 0; epoch < 4000; epoch++)
      sampler.indices(epoch).forEach((index, position) => counts[position]![index]!++);
    // 1,000 expected with a standard deviation of 27.
    for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it.each([[0], [1.5], [-1], [2 ** 31], [[]], [[0, -1]], [[0.5]], [[2 ** 31]]])('refuses samples %j', (samples) => {
    expect(() => randomSampler(samples)).toThrow(InvalidOptionError);
  });

  it('refuses a bad seed', () => {
    expect(() => randomSampler(3, { seed: 0.5 })).toThrow(/seed must be a safe integer/);
  });
});
