import { readFileSync } from 'node:fs';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { distributedSampler } from './distributed-sampler.js';
import { randomSampler } from './random-sampler.js';
import { repeatedAugmentation } from './repeated-augmentation.js';
import { sequentialSampler } from './sequential-sampler.js';

interface Golden {
  readonly repeated: readonly {
    readonly length: number;
    readonly worldSize: number;
    readonly repeats: number;
    readonly samplesPerEpoch: number;
    readonly ranks: readonly (readonly number[])[];
  }[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/data/samplers.json', import.meta.url), 'utf8'),
) as Golden;

describe('repeatedAugmentation', () => {
  it.each(golden.repeated)('deals out $repeats copies of $length to $worldSize as timm does', (entry) => {
    const { length, worldSize, repeats, samplesPerEpoch, ranks } = entry;
    const repeated = repeatedAugmentation(sequentialSampler(length), repeats, { samplesPerEpoch });
    ranks.forEach((expected, rank) =>
      expect([...distributedSampler(repeated, { rank, worldSize }).indices(0)]).toEqual(expected),
    );
  });

  it('shows a part of the samples in an epoch of the same length, or all', () => {
    const base = randomSampler(10, { seed: 1 });
    const order = [...base.indices(2)];
    const same = repeatedAugmentation(base, 3);
    expect([...same.indices(2)]).toEqual(
      order
        .slice(0, 4)
        .flatMap((index) => [index, index, index])
        .slice(0, 10),
    );
    expect([...same.copies!(2)]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
    const all = repeatedAugmentation(base, 3, { samplesPerEpoch: 30 });
    expect([...all.indices(2)]).toEqual(order.flatMap((index) => [index, index, index]));
  });

  it('tells copies apart that the sampler within made', () => {
    const twice = repeatedAugmentation(sequentialSampler([4, 4, 6]), 2, { samplesPerEpoch: 6 });
    expect([...twice.indices(0)]).toEqual([4, 4, 4, 4, 6, 6]);
    expect([...twice.copies!(0)]).toEqual([0, 1, 2, 3, 0, 1]);
    const ranks = [0, 1].map((rank) =>
      repeatedAugmentation(distributedSampler(sequentialSampler(3), { rank, worldSize: 2 }), 2, { samplesPerEpoch: 4 }),
    );
    expect(ranks.map((rank) => [...rank.indices(0)])).toEqual([
      [0, 0, 2, 2],
      [1, 1, 0, 0],
    ]);
    expect(ranks.map((rank) => [...rank.copies!(0)])).toEqual([
      [0, 1, 0, 1],
      [0, 1, 2, 3],
    ]);
  });

  it('refuses what makes no sense', () => {
    const base = sequentialSampler(4);
    expect(() => repeatedAugmentation(base, 0)).toThrow(InvalidOptionError);
    expect(() => repeatedAugmentation(base, 1.5)).toThrow(/repeats must be/);
    expect(() => repeatedAugmentation(base, 2, { samplesPerEpoch: 9 })).toThrow(
      /samplesPerEpoch must be an integer in \[1, 8\]/,
    );
  });
});
