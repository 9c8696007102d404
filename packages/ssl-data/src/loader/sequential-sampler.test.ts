import { InvalidOptionError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { sequentialSampler } from './sequential-sampler.js';

describe('sequentialSampler', () => {
  it('keeps the order, and hands out copies', () => {
    const sampler = sequentialSampler([5, 2, 9]);
    sampler.indices(0).fill(7);
    expect([...sampler.indices(3)]).toEqual([5, 2, 9]);
    expect([...sequentialSampler(4).indices(1)]).toEqual([0, 1, 2, 3]);
  });

  it.each([[0], [1.5], [-1], [2 ** 31], [[]], [[0, -1]], [[0.5]]])('refuses samples %j', (samples) => {
    expect(() => sequentialSampler(samples)).toThrow(InvalidOptionError);
  });
});
