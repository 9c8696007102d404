import { DataError, foldIn, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { expect, test } from 'vitest';
import { problemOf } from './describe-fuzz.js';
import { mutateBytes } from './mutate-bytes.js';
import { watchAllocations } from './watch-allocations.js';

const seed = Buffer.from("{'shape': (3, 4)} ".repeat(10));
const mutant = (number: number) =>
  mutateBytes(seed, seed.subarray(30), new RandomStream(foldIn(randomKey(0), number)), 40);

test('the same key gives the same damage, other keys other damage, and the seed stays whole', () => {
  const before = Buffer.from(seed);
  const mutants = Array.from({ length: 200 }, (_, number) => mutant(number));
  expect(mutant(7)).toEqual(mutants[7]);
  expect(new Set(mutants.map(({ steps }) => steps.join())).size).toBeGreaterThan(180);
  expect(seed).toEqual(before);
  const kinds = new Set(mutants.flatMap(({ steps }) => steps.map((step) => step.split(' ')[0])));
  expect([...kinds].toSorted((a, b) => (a! < b! ? -1 : 1))).toEqual([
    'flip',
    'insert',
    'remove',
    'repeat',
    'replace',
    'set',
    'splice',
    'truncate',
    'write',
  ]);
});

test('buffers are counted while the watch runs', () => {
  const watch = watchAllocations();
  const made = [new Float64Array(10), new SharedArrayBuffer(100), Buffer.alloc(1000), new Uint8Array([1, 2])];
  watch.stop();
  expect(watch.total()).toBe(80 + 100 + 1000);
  expect(made[0]).toBeInstanceOf(Float64Array);
  expect(new Uint8Array(4)).toHaveLength(4);
  expect(watch.total()).toBe(1180);
});

test('each way to fail is told', async () => {
  expect(await problemOf(() => Promise.resolve(), 100)).toBeUndefined();
  expect(await problemOf(() => Promise.reject(new DataError('damaged')), 100)).toBe('refused');
  const reasonOf = async (open: () => Promise<void>) => ((await problemOf(open, 100)) as { reason: string }).reason;
  expect(await reasonOf(() => Promise.reject(new RangeError('out of bounds')))).toMatch(/RangeError: out of bounds/);
  expect(await reasonOf(() => Promise.resolve(void new Uint8Array(101)))).toMatch(
    /asked for 101 bytes .* limit is 100/,
  );
  const spin = () => {
    const start = process.cpuUsage();
    while (process.cpuUsage(start).user + process.cpuUsage(start).system < 1.1e6);
    return Promise.resolve();
  };
  expect(await reasonOf(spin)).toMatch(/s of processor time/);
});
