import fc from 'fast-check';
import { foldIn, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { samplesPerEpoch, shardOrder, type ShardOrderOptions } from './shard-order.js';
import { shardSampler } from './shard-sampler.js';

const key = randomKey(5);
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);

/** The Python package's `_shuffle`, line by line, with our random numbers. */
function* pythonShuffle(data: Iterator<number>, bufsize: number, initial: number, random: RandomStream) {
  const pick = (buf: number[]): number => {
    const k = random.integer(buf.length);
    const sample = buf[k]!;
    buf[k] = buf.at(-1)!;
    buf.pop();
    return sample;
  };
  initial = Math.min(initial, bufsize);
  const buf: number[] = [];
  for (let item = data.next(); item.done !== true; item = data.next()) {
    buf.push(item.value);
    if (buf.length < bufsize) {
      const another = data.next();
      if (another.done !== true) buf.push(another.value);
    }
    if (buf.length >= initial) yield pick(buf);
  }
  while (buf.length > 0) yield pick(buf);
}

describe('shardOrder', () => {
  it('without shuffling is the order of the shards', () => {
    const plain: ShardOrderOptions = { shuffleShards: false, buffer: 0 };
    expect([...shardOrder(key, 0, [2, 0, 3], plain)]).toEqual([0, 1, 2, 3, 4]);
    expect([...shardOrder(key, 0, [2, 0, 3], { ...plain, rank: 1, worldSize: 2 })]).toEqual([2, 3]);
  });

  it('keeps shards whole without a buffer, in a new order each epoch', () => {
    const lengths = [3, 4, 5, 6, 7];
    const orders = range(20).map((epoch) => [...shardOrder(key, epoch, lengths, { buffer: 0 })]);
    const starts = [0, 3, 7, 12, 18];
    for (const order of orders) {
      expect(sorted(order)).toEqual(range(25));
      for (let at = 0; at < 25;) {
        const shard = starts.indexOf(order[at]!);
        expect(order.slice(at, at + lengths[shard]!)).toEqual(range(lengths[shard]!).map((i) => starts[shard]! + i));
        at += lengths[shard]!;
      }
    }
    expect(new Set(orders.map((order) => order.join())).size).toBeGreaterThan(15);
  });

  it('shuffles as the Python package does, step by step', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.integer({ min: 2, max: 70 }),
        fc.nat(40),
        fc.nat(9),
        (count, buffer, initial, epoch) => {
          fc.pre(count > buffer);
          const order = shardOrder(key, epoch, [count], { shuffleShards: false, buffer, initial });
          const random = new RandomStream(foldIn(foldIn(foldIn(key, epoch), 0), 'buffer'));
          expect([...order]).toEqual([...pythonShuffle(range(count).values(), buffer, initial, random)]);
        },
      ),
      { seed: 1 },
    );
  });

  it('ranks share all samples but a remainder smaller than their number, each as many', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(20), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(50),
        fc.nat(3),
        (lengths, worldSize, buffer, epoch) => {
          const total = lengths.reduce((sum, length) => sum + length, 0);
          fc.pre(total >= worldSize);
          const parts = range(worldSize).map((rank) => shardOrder(key, epoch, lengths, { buffer, rank, worldSize }));
          for (const part of parts) expect(part).toHaveLength(Math.floor(total / worldSize));
          const all = new Set(parts.flatMap((part) => [...part]));
          expect(all.size).toBe(worldSize * Math.floor(total / worldSize));
          for (const number of all) expect(number >= 0 && number < total).toBe(true);
        },
      ),
      { seed: 2 },
    );
  });

  it('gives a rank whole shards but for the first and the last of its part', () => {
    const lengths = range(24).map((shard) => 5 + (shard % 7));
    const shardsOf = (part: Int32Array): number => {
      const ends = lengths.map((_, shard) => lengths.slice(0, shard + 1).reduce((a, b) => a + b, 0));
      return new Set([...part].map((number) => ends.findIndex((end) => number < end))).size;
    };
    const touched = range(4).map((rank) => shardsOf(shardOrder(key, 1, lengths, { rank, worldSize: 4, buffer: 16 })));
    expect(touched.reduce((a, b) => a + b)).toBeLessThanOrEqual(24 + 3);
  });

  it('a full buffer makes each sample come first equally often; a small one keeps it near', () => {
    const first = new Array<number>(6).fill(0);
    for (let epoch = 0; epoch < 6000; epoch++)
      first[shardOrder(key, epoch, [2, 4], { shuffleShards: false, buffer: Infinity })[0]!]!++;
    const chiSquare = first.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 99.99 % of chi-square with 5 degrees of freedom lies below 25.7.
    expect(chiSquare).toBeLessThan(25.7);
    const near = shardOrder(key, 0, [1000], { shuffleShards: false, buffer: 10 });
    near.forEach((number, at) => expect(number).toBeLessThan(at + 2 * 10));
  });

  it('resamples shards with replacement into epochs of any exact length', () => {
    const lengths = [3, 0, 5, 2];
    const order = shardOrder(key, 0, lengths, { resampled: true, samplesPerEpoch: 5000, buffer: 0 });
    expect(order).toHaveLength(5000);
    const counts = new Array<number>(10).fill(0);
    for (const number of order) counts[number]!++;
    // Each of three shards every third time: about 5000 / (3 + 5 + 2) rounds.
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
    const other = shardOrder(key, 0, lengths, {
      resampled: true,
      samplesPerEpoch: 5000,
      buffer: 0,
      rank: 1,
      worldSize: 2,
    });
    expect([...other]).not.toEqual([...order]);
    const start = shardOrder(key, 0, lengths, { resampled: true, samplesPerEpoch: 7, buffer: 0 });
    expect([...start]).toEqual([...order.subarray(0, 7)]);
  });

  it.each<[ShardOrderOptions, RegExp]>([
    [{ worldSize: 0 }, /worldSize/],
    [{ rank: 1 }, /rank must be an integer in \[0, 0\]/],
    [{ buffer: -1 }, /buffer/],
    [{ buffer: Number.NaN }, /buffer/],
    [{ initial: 0.5 }, /initial/],
    [{ samplesPerEpoch: 11 }, /in \[1, 10\], or resampled: true/],
    [{ samplesPerEpoch: 0, resampled: true }, /samplesPerEpoch/],
    [{ worldSize: 11 }, /samplesPerEpoch/],
  ])('refuses %o', (options, message) => {
    expect(() => shardOrder(key, 0, [4, 6], options)).toThrow(InvalidOptionError);
    expect(() => samplesPerEpoch([4, 6], options)).toThrow(message);
  });

  it('refuses shards without samples', () => {
    expect(() => shardOrder(key, 0, [0, 0], { resampled: true })).toThrow(/at least one sample/);
  });
});

it('shardSampler gives the order of its seed', () => {
  const dataset = { shardLengths: Int32Array.of(4, 6, 5) };
  const sampler = shardSampler(dataset, { seed: 3, buffer: 4, worldSize: 2, rank: 1 });
  expect(sampler.length).toBe(7);
  expect(sampler.indices(2)).toHaveLength(7);
  expect(sampler.indices(2)).toEqual(shardSampler(dataset, { seed: 3, buffer: 4, worldSize: 2, rank: 1 }).indices(2));
  const orders = new Set(range(8).map((seed) => shardSampler(dataset, { seed }).indices(0).join()));
  expect(orders.size).toBe(8);
  expect(() => shardSampler(dataset, { seed: 0.5 })).toThrow(/seed must be a safe integer/);
});
