import { createHash } from 'node:crypto';
import { DataError, InvalidOptionError, ndArray, randomKey } from '@selfsup/ssl-core';
import { afterEach, describe, expect, it } from 'vitest';
import { balancedSubset } from '../dataset/balanced-subset.js';
import { fractionSubset } from '../dataset/fraction-subset.js';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import { smallImageViews } from '../views/small-image-views.js';
import type { View } from '../views/view.js';
import { shardSampler } from '../webdataset/shard-sampler.js';
import { balancedSampler } from './balanced-sampler.js';
import type { BatchLoader, ViewBatch } from './batch-loader.js';
import { copiesOf } from './copies-of.js';
import { DataLoader } from './data-loader.js';
import { distributedSampler } from './distributed-sampler.js';
import { randomSampler } from './random-sampler.js';
import { repeatedAugmentation } from './repeated-augmentation.js';
import type { Sampler } from './sampler.js';
import { sequentialSampler } from './sequential-sampler.js';

const labels = Array.from({ length: 48 }, (_, index) => index % 6);
const dataset = new ImageArrayDataset(
  ndArray(
    Uint8Array.from({ length: 48 * 10 * 10 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24),
    [48, 10, 10],
  ),
  labels,
);
const views = smallImageViews({ size: 8 });

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const loader of open.splice(0)) await loader.close();
});
function loaderOf(sampler: Sampler, workers = 0, batchSize = 5): BatchLoader<ViewBatch> {
  const loader = new DataLoader({ dataset, views, sampler, batchSize, dropLast: false, seed: 3, workers });
  open.push(loader);
  return loader;
}

async function collect<B>(loader: BatchLoader<B>, epoch: number, from = 0): Promise<B[]> {
  const batches: B[] = [];
  for await (const batch of loader.epoch(epoch, from)) batches.push(batch);
  return batches;
}

function hash({ views: arrays, index, labels: classes }: ViewBatch): string {
  const digest = createHash('sha256');
  for (const { data, shape } of [...arrays, index, classes!]) digest.update(JSON.stringify(shape)).update(data);
  return digest.digest('hex');
}

const shardLengths = Int32Array.of(10, 8, 6);
/** Each with 24 samples. */
const samplers: Readonly<Record<string, Sampler>> = {
  sequential: sequentialSampler(24),
  random: randomSampler(24, { seed: 1 }),
  'n per class': randomSampler(balancedSubset(labels, 4, randomKey(1))),
  'part of each class': randomSampler(fractionSubset(labels, 0.5, randomKey(1))),
  balanced: balancedSampler(labels, { samplesPerClass: 4 }),
  distributed: distributedSampler(randomSampler(48), { rank: 1, worldSize: 2 }),
  'distributed with padding': distributedSampler(randomSampler(47), { rank: 1, worldSize: 2 }),
  repeated: repeatedAugmentation(randomSampler(24), 3),
  'distributed and repeated': distributedSampler(repeatedAugmentation(randomSampler(48), 3), { rank: 0, worldSize: 2 }),
  'by shards': shardSampler({ shardLengths }, { buffer: 6 }),
  'by shards, resampled': shardSampler({ shardLengths }, { resampled: true, samplesPerEpoch: 24 }),
};
const names = Object.keys(samplers);
/** Epoch e is epoch 2 of sampler e, so that one set of workers does for all. */
const inTurn: Sampler = {
  length: 24,
  indices: (epoch) => samplers[names[epoch]!]!.indices(2),
  copies: (epoch) => copiesOf(samplers[names[epoch]!]!, 2, samplers[names[epoch]!]!.indices(2)),
};

describe('a loader with a sampler', () => {
  it('gives the same batches for any number of workers and from any position, for every sampler', async () => {
    const reference = loaderOf(inTurn);
    const expected: string[][] = [];
    for (const [epoch, name] of names.entries()) {
      const batches = await collect(reference, epoch);
      expect(batches.flatMap(({ index }) => [...index.data])).toEqual([...samplers[name]!.indices(2)]);
      for (const { index, labels: classes } of batches)
        expect([...classes!.data]).toEqual([...index.data].map((i) => labels[i]));
      expected.push(batches.map(hash));
    }
    expect(expected.map((hashes) => hashes.length)).toEqual(names.map(() => 5));
    expect(new Set(expected.flat()).size).toBe(5 * names.length);
    for (const workers of [1, 2, 4]) {
      const loader = loaderOf(inTurn, workers);
      for (const epoch of names.keys()) {
        expect((await collect(loader, epoch)).map(hash)).toEqual(expected[epoch]);
        const from = 1 + (epoch % 4);
        expect((await collect(loader, epoch, from)).map(hash)).toEqual(expected[epoch]!.slice(from));
      }
      await loader.close();
    }
    for (const epoch of names.keys())
      expect((await collect(reference, epoch, 3)).map(hash)).toEqual(expected[epoch]!.slice(3));
  });

  it('gives the batches of the built-in order for the sampler of that order', async () => {
    const plain = new DataLoader({ dataset, views, batchSize: 8, seed: 3, workers: 0 });
    const sampled = loaderOf(randomSampler(48, { seed: 3 }), 0, 8);
    for (const epoch of [0, 5])
      expect((await collect(sampled, epoch)).map(hash)).toEqual((await collect(plain, epoch)).map(hash));
  });

  it('gives every copy of a sample views of its own, also on other ranks', async () => {
    // Shows the random numbers themselves.
    const noise: View = (_, random) =>
      ndArray(
        Uint8Array.from({ length: 16 }, () => random.integer(256)),
        [4, 4, 1],
      );
    const rowsOf = async (sampler: Sampler): Promise<string[][]> => {
      const options = { dataset, views: [noise, noise], sampler, seed: 3, workers: 0 } as const;
      const [batch] = await collect(new DataLoader({ ...options, batchSize: sampler.length }), 0);
      return batch!.views.map(({ data }) =>
        Array.from({ length: sampler.length }, (_, slot) =>
          Buffer.from(data.subarray(slot * 16, slot * 16 + 16)).toString('hex'),
        ),
      );
    };
    const base = sequentialSampler(6);
    const repeated = repeatedAugmentation(base, 4, { samplesPerEpoch: 24 });
    const whole = await rowsOf(repeated);
    expect(new Set(whole.flat()).size).toBe(48);
    expect(whole.map((rows) => rows.filter((_, slot) => slot % 4 === 0))).toEqual(await rowsOf(base));
    for (const rank of [0, 1, 2]) {
      const part = await rowsOf(distributedSampler(repeated, { rank, worldSize: 3 }));
      expect(part).toEqual(whole.map((rows) => rows.filter((_, slot) => slot % 3 === rank)));
    }
  });

  it('has as many batches as the sampler fills', async () => {
    const options = { dataset, sampler: sequentialSampler([7, 8, 9, 1, 2]), workers: 0 } as const;
    const whole = new DataLoader({ ...options, batchSize: 2 });
    expect(whole.batchesPerEpoch).toBe(2);
    expect((await collect(whole, 0)).map(({ index }) => [...index.data])).toEqual([
      [7, 8],
      [9, 1],
    ]);
    const all = new DataLoader({ ...options, batchSize: 2, dropLast: false });
    expect(all.batchesPerEpoch).toBe(3);
    expect((await collect(all, 0)).map(({ index }) => [...index.data])).toEqual([[7, 8], [9, 1], [2]]);
    expect(() => new DataLoader({ ...options, batchSize: 6 })).toThrow(
      /batchSize must be at most the samples of an epoch, 5/,
    );
  });

  it('refuses a sampler that does not fit', async () => {
    expect(() => new DataLoader({ dataset, batchSize: 5, sampler: inTurn, shuffle: true })).toThrow(InvalidOptionError);
    expect(
      () => new DataLoader({ dataset, batchSize: 5, sampler: { length: 0, indices: () => new Int32Array() } }),
    ).toThrow(/sampler.length must be/);
    const first = (sampler: Sampler): Promise<unknown> =>
      collect(loaderOf(sampler), 0).catch((error: unknown) => error);
    const beyond = await first(sequentialSampler([3, 48]));
    if (!DataError.isInstance(beyond)) throw beyond;
    expect(beyond.message).toMatch(/gave sample 48 at position 1, the data set has 48/);
    const short = await first({ length: 6, indices: () => new Int32Array(5) });
    if (!DataError.isInstance(short)) throw short;
    expect(short.message).toMatch(/gave 5 samples and 5 copies, its length is 6/);
  });
});
