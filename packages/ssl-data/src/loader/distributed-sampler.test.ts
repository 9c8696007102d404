import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { distributedSampler } from './distributed-sampler.js';
import { randomSampler } from './random-sampler.js';
import { repeatedAugmentation } from './repeated-augmentation.js';
import { sequentialSampler } from './sequential-sampler.js';

interface Golden {
  readonly distributed: readonly {
    readonly length: number;
    readonly worldSize: number;
    readonly remainder: 'pad' | 'drop';
    readonly ranks: readonly (readonly number[])[];
  }[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/data/samplers.json', import.meta.url), 'utf8'),
) as Golden;

describe('distributedSampler', () => {
  it.each(golden.distributed)('deals out $length to $worldSize as torch does: $remainder', (entry) => {
    const { length, worldSize, remainder, ranks } = entry;
    ranks.forEach((expected, rank) => {
      const sampler = distributedSampler(sequentialSampler(length), { rank, worldSize, remainder });
      expect(sampler).toHaveLength(expected.length);
      expect([...sampler.indices(0)]).toEqual(expected);
    });
  });

  it('gives all ranks as many, disjoint samples, and no copy of a sample the same views', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('pad' as const, 'drop' as const),
        fc.integer({ min: 0, max: 3 }),
        (length, worldSize, repeats, remainder, epoch) => {
          fc.pre(remainder === 'pad' || length >= worldSize);
          const base = repeatedAugmentation(randomSampler(length, { seed: 4 }), repeats);
          const whole = [...base.indices(epoch)];
          const parts = Array.from({ length: worldSize }, (_, rank) =>
            distributedSampler(base, { rank, worldSize, remainder }),
          );
          const dealt = parts.map((part) => ({ indices: part.indices(epoch), copies: part.copies!(epoch) }));
          for (const { indices, copies } of dealt) {
            expect(indices).toHaveLength(parts[0]!.length);
            expect(copies).toHaveLength(parts[0]!.length);
          }
          // Position by position over the ranks: the whole order, with its beginning again or without its end.
          const together = Array.from({ length: parts[0]!.length }, (_, at) =>
            dealt.map(({ indices }) => indices[at]!),
          ).flat();
          expect(together).toEqual(Array.from({ length: together.length }, (_, at) => whole[at % length]!));
          const pairs = dealt.flatMap(({ indices, copies }) =>
            [...indices].map((index, at) => `${index}.${copies[at]!}`),
          );
          expect(new Set(pairs).size).toBe(pairs.length);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('counts padding as further copies', () => {
    const sampler = distributedSampler(sequentialSampler(4), { rank: 2, worldSize: 3 });
    expect([...sampler.indices(0)]).toEqual([2, 1]);
    expect([...sampler.copies!(0)]).toEqual([0, 1]);
  });

  it.each([
    [{ rank: 2, worldSize: 2 }, /rank must be/],
    [{ rank: -1, worldSize: 2 }, /rank must be/],
    [{ rank: 0, worldSize: 0 }, /worldSize must be/],
    [{ rank: 0, worldSize: 4, remainder: 'drop' as const }, /worldSize must be at most the sampler's length, 3/],
    [{ rank: 0, worldSize: 2, remainder: 'cut' as never }, /remainder must be/],
  ])('refuses %j', (options, message) => {
    const make = (): unknown => distributedSampler(sequentialSampler(3), options);
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(message);
  });
});
