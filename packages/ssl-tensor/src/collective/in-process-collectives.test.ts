import { expect, it } from 'vitest';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { inProcessCollectives } from './in-process-collectives.js';

it('sums and gathers over the ranks, whoever comes first, with arrays of their own', async () => {
  const ranks = inProcessCollectives(3);
  expect(ranks.map(({ rank, size }) => [rank, size])).toEqual([
    [0, 3],
    [1, 3],
    [2, 3],
  ]);
  const own = [Float32Array.of(1, 2), Float32Array.of(10, 20), Float32Array.of(100, 200)];
  const sums = await Promise.all([2, 0, 1].map(async (rank) => ranks[rank]!.allReduce(own[rank]!)));
  expect(sums).toEqual(Array.from({ length: 3 }, () => Float32Array.of(111, 222)));
  sums[0]![0] = 0;
  expect(sums[1]![0]).toBe(111);
  expect(own[0]).toEqual(Float32Array.of(1, 2));
  const gathered = await Promise.all([1, 2, 0].map(async (rank) => ranks[rank]!.allGather(Int32Array.of(rank, -rank))));
  expect(gathered).toEqual(Array.from({ length: 3 }, () => Int32Array.of(0, -0, 1, -1, 2, -2)));
  expect(await inProcessCollectives(1)[0]!.allReduce(own[2]!)).toEqual(own[2]);
});

it('refuses calls that do not match', async () => {
  const [a, b] = inProcessCollectives(2);
  const calls = await Promise.allSettled([a!.allReduce(new Float32Array(2)), b!.allReduce(new Float32Array(3))]);
  for (const call of calls)
    expect((call as PromiseRejectedResult).reason).toMatchObject({
      message: expect.stringMatching(/allReduce of Float32Array\[2\], allReduce of Float32Array\[3\]/),
    });
  const mixed = await Promise.allSettled([a!.allGather(new Float32Array(2)), b!.allReduce(new Float32Array(2))]);
  for (const call of mixed) expect((call as PromiseRejectedResult).reason).toBeInstanceOf(DataError);
  const first = a!.allReduce(Float32Array.of(1));
  await expect(a!.allReduce(Float32Array.of(2))).rejects.toThrow(/rank 0 called allReduce before/);
  expect(await b!.allReduce(Float32Array.of(3))).toEqual(Float32Array.of(4));
  expect(await first).toEqual(Float32Array.of(4));
  expect(() => inProcessCollectives(0)).toThrow(InvalidOptionError);
});
