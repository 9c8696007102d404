import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { DataError, InvalidOptionError, RandomStream, ShapeError, randomKey } from '@selfsup/ssl-tensor/host';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { nearestNeighbours } from './nearest-neighbours.js';

function features(rows: number, dim: number, seed: number): NdArray<Float32Array> {
  const stream = new RandomStream(randomKey(seed));
  return { data: Float32Array.from({ length: rows * dim }, () => stream.normal()), shape: [rows, dim] };
}

/** Every cosine, sorted in full. */
function naive(query: NdArray<Float32Array>, database: NdArray<Float32Array>, k: number): number[][] {
  const dim = query.shape[1]!;
  const row = (array: NdArray<Float32Array>, i: number): Float32Array => array.data.subarray(i * dim, (i + 1) * dim);
  const cosine = (a: Float32Array, b: Float32Array): number => {
    let [ab, aa, bb] = [0, 0, 0];
    a.forEach((value, j) => {
      ab += value * b[j]!;
      aa += value * value;
      bb += b[j]! * b[j]!;
    });
    return ab / Math.sqrt(aa * bb);
  };
  return Array.from({ length: query.shape[0]! }, (_, i) =>
    Array.from({ length: database.shape[0]! }, (_, j) => ({ j, similarity: cosine(row(query, i), row(database, j)) }))
      .sort((a, b) => b.similarity - a.similarity || a.j - b.j)
      .slice(0, k)
      .map(({ j }) => j),
  );
}

it('finds what a full sort finds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 6 }),
      fc.nat(1000),
      async (m, n, dim, seed) => {
        const query = features(m, dim + 1, seed);
        const database = features(n, dim + 1, seed + 1);
        const k = 1 + (seed % n);
        const { indexes } = await nearestNeighbours(query, database, k);
        expect(Array.from(indexes.data)).toEqual(naive(query, database, k).flat());
      },
    ),
    { seed: 11, numRuns: 40 },
  );
});

it('crosses block borders', async () => {
  const query = features(1030, 3, 1);
  const database = features(8200, 3, 2);
  const { indexes, similarities } = await nearestNeighbours(query, database, 3);
  const sampled = [0, 1023, 1024, 1029];
  const rows = {
    data: Float32Array.from(sampled.flatMap((i) => [...query.data.subarray(i * 3, i * 3 + 3)])),
    shape: [4, 3],
  };
  expect(sampled.map((i) => [...indexes.data.subarray(i * 3, i * 3 + 3)])).toEqual(naive(rows, database, 3));
  // What lies in two blocks is found once.
  for (const i of sampled) expect(new Set(indexes.data.subarray(i * 3, i * 3 + 3)).size).toBe(3);
  expect(Math.max(...similarities.data)).toBeLessThanOrEqual(1 + 1e-6);
});

it('gives ties to the lower index and finds a row itself first', async () => {
  const ones = { data: new Float32Array(10).fill(2), shape: [5, 2] };
  const { indexes, similarities } = await nearestNeighbours(ones, ones, 5);
  expect(Array.from(indexes.data.subarray(0, 5))).toEqual([0, 1, 2, 3, 4]);
  expect(similarities.data[7]).toBeCloseTo(1, 6);
});

it('survives features of length zero and of extreme size', async () => {
  const query = { data: Float32Array.of(0, 0, 1e30, 1e30), shape: [2, 2] };
  const database = { data: Float32Array.of(-1e-30, -1e-30, 1e-3, 1e-3, 5, -5), shape: [3, 2] };
  const { indexes, similarities } = await nearestNeighbours(query, database, 3);
  expect(Array.from(indexes.data.subarray(0, 3))).toEqual([0, 1, 2]);
  expect(indexes.data[3]).toBe(1);
  expect(similarities.data.every(Number.isFinite)).toBe(true);
});

it('refuses what does not fit', async () => {
  const two = features(4, 2, 1);
  await expect(nearestNeighbours(two, features(4, 3, 1), 1)).rejects.toThrow(ShapeError);
  await expect(nearestNeighbours(two, two, 5)).rejects.toThrow(InvalidOptionError);
  const broken = { data: Float32Array.of(1, 2, NaN, 4), shape: [2, 2] };
  await expect(nearestNeighbours(broken, two, 1)).rejects.toThrow(DataError);
  await expect(nearestNeighbours(broken, two, 1)).rejects.toThrow('NaN in row 1');
});
