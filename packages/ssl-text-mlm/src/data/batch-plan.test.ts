import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { planBatches, type PlannedBatch } from './batch-plan.js';

const lengths = fc.array(fc.integer({ min: 1, max: 32 }), { maxLength: 120 });
const plan = { batchSize: 7, bucketLengths: [8, 20, 32] };

describe('planBatches', () => {
  it('uses every sequence at most once, in a bucket that holds it, and leaves less than a batch out', () => {
    fc.assert(
      fc.property(lengths, fc.boolean(), fc.integer(), (sizes, dropLast, seed) => {
        const batches = planBatches(sizes, { ...plan, dropLast }, randomKey(seed));
        const rows = batches.flatMap((batch) => batch.rows);
        expect(new Set(rows).size).toBe(rows.length);
        expect(rows.length).toBe(dropLast ? sizes.length - (sizes.length % 7) : sizes.length);
        for (const batch of batches) for (const row of batch.rows) expect(sizes[row]).toBeLessThanOrEqual(batch.length);
        expect(batches.filter((batch) => batch.rows.length !== 7).length).toBe(
          dropLast || sizes.length % 7 === 0 ? 0 : 1,
        );
      }),
      { seed: 1 },
    );
  });

  it('makes as many batches of each length whatever the key', () => {
    fc.assert(
      fc.property(lengths, fc.integer(), (sizes, seed) => {
        const count = (key?: ReturnType<typeof randomKey>) =>
          planBatches(sizes, { ...plan, dropLast: true }, key)
            .map((batch) => batch.length)
            .toSorted((a, b) => a - b);
        expect(count(randomKey(seed))).toEqual(count());
      }),
      { seed: 2 },
    );
  });

  it('sends what is left of a bucket to the next', () => {
    const sizes = [3, 3, 3, 9, 9, 3];
    expect(planBatches(sizes, { batchSize: 2, bucketLengths: [4, 10], dropLast: false })).toEqual([
      { length: 4, rows: [0, 1] },
      { length: 4, rows: [2, 5] },
      { length: 10, rows: [3, 4] },
    ]);
    expect(planBatches(sizes, { batchSize: 3, bucketLengths: [4, 10], dropLast: false })).toEqual([
      { length: 4, rows: [0, 1, 2] },
      { length: 10, rows: [5, 3, 4] },
    ]);
  });

  it('orders by the key, across buckets', () => {
    const sizes = Array.from({ length: 200 }, (_, index) => 1 + (index % 30));
    const of = (seed: number) => planBatches(sizes, { ...plan, dropLast: true }, randomKey(seed));
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
    const order = of(1).map((batch) => batch.length);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  });

  it('refuses buckets that are too short or do not ascend, and empty batches', () => {
    expect(() => planBatches([9], { batchSize: 1, bucketLengths: [8], dropLast: false })).toThrow(/at least 9/);
    expect(() => planBatches([1], { batchSize: 1, bucketLengths: [8, 8], dropLast: false })).toThrow(
      InvalidOptionError,
    );
    expect(() => planBatches([1], { batchSize: 1, bucketLengths: [], dropLast: false })).toThrow(InvalidOptionError);
    expect(() => planBatches([1], { batchSize: 0, bucketLengths: [8], dropLast: false })).toThrow(InvalidOptionError);
  });

  it('gives the batches of buckets that are filled one after the other', () => {
    /** The definition, list by list. */
    const naive = (lengths: number[], batchSize: number, bucketLengths: number[], dropLast: boolean, seed?: number) => {
      const random = seed === undefined ? undefined : new RandomStream(randomKey(seed));
      const order = random?.permutation(lengths.length) ?? lengths.keys();
      const buckets: number[][] = bucketLengths.map(() => []);
      for (const row of order) buckets[bucketLengths.findIndex((length) => lengths[row]! <= length)]!.push(row);
      const batches: PlannedBatch[] = [];
      let rest: number[] = [];
      for (const [index, bucket] of buckets.entries()) {
        rest.push(...bucket);
        for (; rest.length >= batchSize; rest = rest.slice(batchSize))
          batches.push({ length: bucketLengths[index]!, rows: rest.slice(0, batchSize) });
      }
      if (rest.length > 0 && !dropLast) batches.push({ length: bucketLengths.at(-1)!, rows: rest });
      return random === undefined ? batches : [...random.permutation(batches.length)].map((index) => batches[index]);
    };
    const draws = new RandomStream(randomKey(3));
    for (let round = 0; round < 200; round++) {
      const lengths = Array.from({ length: draws.integer(60) }, () => 1 + draws.integer(20));
      const [batchSize, dropLast] = [1 + draws.integer(7), draws.bernoulli(0.5)];
      const bucketLengths = [[20], [5, 20], [1, 2, 11, 30]][draws.integer(3)]!;
      for (const seed of [undefined, round]) {
        const key = seed === undefined ? undefined : randomKey(seed);
        const found = planBatches(lengths, { batchSize, bucketLengths, dropLast }, key);
        expect(found).toEqual(naive(lengths, batchSize, bucketLengths, dropLast, seed));
      }
    }
  });
});
