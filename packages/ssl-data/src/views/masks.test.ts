import fc from 'fast-check';
import { foldIn, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { blockPatchMask } from './block-patch-mask.js';
import { randomPatchMask } from './random-patch-mask.js';
import { simmimMask } from './simmim-mask.js';

const stream = (n: number): RandomStream => new RandomStream(foldIn(randomKey(8), n));
const count = (mask: { readonly data: Uint8Array }): number => mask.data.reduce((sum, value) => sum + value, 0);

describe('randomPatchMask', () => {
  it('masks MAE’s 147 of 196 patches, each equally often', () => {
    const times = new Float64Array(196);
    for (let n = 0; n < 4000; n++) {
      const mask = randomPatchMask([14, 14], 0.75, stream(n));
      expect(mask.shape).toEqual([14, 14]);
      expect(count(mask)).toBe(147);
      mask.data.forEach((value, i) => (times[i]! += value));
    }
    // 3,000 expected; five standard deviations are 137.
    for (const value of times) expect(Math.abs(value - 3000)).toBeLessThan(137);
  });

  it('masks an exact number of any grid, the same for the same numbers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (rows, columns, ratio, n) => {
          const mask = randomPatchMask([rows, columns], ratio, stream(n));
          expect(count(mask)).toBe(rows * columns - Math.floor(rows * columns * (1 - ratio)));
          expect(randomPatchMask([rows, columns], ratio, stream(n))).toEqual(mask);
        },
      ),
      { seed: 1 },
    );
  });
});

describe('blockPatchMask', () => {
  it('masks an exact number of any grid', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 16 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 30 }),
        fc.nat(),
        (rows, columns, ratio, minPatches, n) => {
          const wanted = Math.floor(rows * columns * ratio);
          const mask = blockPatchMask([rows, columns], { ratio, minPatches }, stream(n));
          expect(mask.shape).toEqual([rows, columns]);
          expect(mask.data.every((value) => value === 0 || value === 1)).toBe(true);
          expect(count(mask)).toBe(wanted);
          const blocks = blockPatchMask([rows, columns], { ratio, minPatches, rest: 'blocks' }, stream(n));
          expect(count(blocks)).toBeLessThanOrEqual(wanted);
        },
      ),
      { seed: 2 },
    );
  });

  it('masks blocks, not single patches: masked patches have more masked neighbours than at random', () => {
    const neighbours = (mask: { readonly data: Uint8Array }): number => {
      let pairs = 0;
      for (let y = 0; y < 14; y++)
        for (let x = 0; x < 13; x++) pairs += mask.data[y * 14 + x]! * mask.data[y * 14 + x + 1]!;
      return pairs;
    };
    let blocks = 0;
    let scattered = 0;
    for (let n = 0; n < 200; n++) {
      blocks += neighbours(blockPatchMask([14, 14], { ratio: 0.4 }, stream(n)));
      scattered += neighbours(randomPatchMask([14, 14], 0.4, stream(n)));
    }
    // 182 pairs, of which 16 % at random.
    expect(scattered / 200).toBeCloseTo(182 * 0.16, -1);
    expect(blocks / 200).toBeGreaterThan(48);
  });

  it('keeps blocks within their least and greatest number, and their aspect', () => {
    for (let n = 0; n < 300; n++) {
      // One block: what is masked is what fits a single draw.
      const options = { ratio: 0.25, minPatches: 49, maxPatches: 49, aspect: [1, 1], rest: 'blocks' } as const;
      const mask = blockPatchMask([14, 14], options, stream(n));
      expect(count(mask)).toBe(49);
      const rows = new Set<number>();
      const columns = new Set<number>();
      mask.data.forEach((value, i) => {
        if (value === 1) {
          rows.add(Math.floor(i / 14));
          columns.add(i % 14);
        }
      });
      expect([rows.size, columns.size]).toEqual([7, 7]);
    }
  });
});

describe('simmimMask', () => {
  it('masks whole squares, SimMIM’s 22 of 36', () => {
    for (let n = 0; n < 50; n++) {
      const mask = simmimMask({ size: [192, 192] }, stream(n));
      expect(mask.shape).toEqual([48, 48]);
      expect(count(mask)).toBe(22 * 64);
      for (let y = 0; y < 48; y++)
        for (let x = 0; x < 48; x++) expect(mask.data[y * 48 + x]).toBe(mask.data[(y - (y % 8)) * 48 + x - (x % 8)]);
    }
  });

  it('takes oblong images', () => {
    const mask = simmimMask({ size: [64, 96], maskPatch: 32, modelPatch: 16, ratio: 0.5 }, stream(0));
    expect(mask.shape).toEqual([4, 6]);
    expect(count(mask)).toBe(3 * 4);
  });
});

it.each<[string, () => unknown]>([
  ['grid', () => randomPatchMask([0, 4], 0.5, stream(0))],
  ['ratio', () => randomPatchMask([4, 4], 1.5, stream(0))],
  ['ratio', () => blockPatchMask([4, 4], { ratio: Number.NaN }, stream(0))],
  ['aspect', () => blockPatchMask([4, 4], { aspect: [2, 1] }, stream(0))],
  ['minPatches', () => blockPatchMask([4, 4], { minPatches: -1 }, stream(0))],
  ['size', () => simmimMask({ size: [100, 96] }, stream(0))],
  ['modelPatch', () => simmimMask({ size: [96, 96], modelPatch: 5 }, stream(0))],
])('a mask refuses a bad %s', (option, make) => {
  expect(make).toThrow(InvalidOptionError);
  expect(make).toThrow(new RegExp(`${option} must be`));
});
