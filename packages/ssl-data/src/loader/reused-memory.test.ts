import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { foldIn, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { afterAll, expect, it } from 'vitest';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { takeFirst } from '../dataset/subset.js';
import type { Image } from '../image/image.js';
import { ReusedMemory } from '../image/pixel-memory.js';
import { simclrViews } from '../views/simclr-views.js';
import { supervisedViews } from '../views/supervised-views.js';
import { trivialAugmentWide } from '../views/trivial-augment-wide.js';
import { compose } from '../views/compose.js';
import { resize } from '../views/resize.js';
import type { View } from '../views/view.js';
import { DataLoader } from './data-loader.js';
import { BatchBuilder } from './build-batch.js';
import { sampleViewKey } from './view-keys.js';

const folder = await mkdtemp(join(tmpdir(), 'reused-memory-'));
afterAll(() => rm(folder, { recursive: true }));
await mkdir(join(folder, 'a'));
const random = new RandomStream(randomKey(1));
for (let i = 0; i < 24; i++) {
  // Sizes that go up and down, colour and grey.
  const [width, height, channels] = [40 + ((i * 37) % 90), 40 + ((i * 53) % 70), i % 5 === 0 ? 1 : 3] as const;
  const noise = Buffer.from(Uint8Array.from({ length: width * height * channels }, () => random.integer(256)));
  const file = sharp(noise, { raw: { width, height, channels } });
  await writeFile(
    join(folder, 'a', `${i}.${i % 7 === 0 ? 'png' : 'jpg'}`),
    await (i % 7 === 0 ? file.png() : file.jpeg()).toBuffer(),
  );
}
const dataset = takeFirst(await ImageFolderDataset.open(folder), 24);

it.each([
  ['SimCLR', simclrViews({ size: 32 })],
  ['every operation', Array.from({ length: 6 }, () => compose(resize({ size: 40 }), trivialAugmentWide()))],
])('leaves the views as they are by themselves: %s', async (_, views) => {
  const epochKey = randomKey(7);
  const builder = new BatchBuilder(dataset, views, { onError: 'fail', sampleTimeout: 60 });
  const indices = Int32Array.from({ length: 24 }, (__, i) => (i * 7) % 24);
  const task = { indices, copies: new Int32Array(24), spares: new Int32Array(0), epochKey };
  // Two at a time, and a third in the memory of the first.
  const batches = [...(await Promise.all([builder.build(task), builder.build(task)])), await builder.build(task)];
  for (const [slot, index] of indices.entries()) {
    const { image } = await dataset.get(index);
    views.forEach((view, v) => {
      const expected = (view as View)(image, new RandomStream(foldIn(sampleViewKey(epochKey, index, 0), v))).data;
      for (const { arrays } of batches) {
        const { data } = arrays[v]!;
        expect(data.subarray(slot * expected.length, (slot + 1) * expected.length)).toEqual(expected);
      }
    });
  }
});

it('is where samples lie, of a part of a data set too', async () => {
  const memory = new ReusedMemory();
  const before = memory.take(2 ** 20);
  const { image } = await dataset.get(2, memory);
  expect(image.data.buffer).toBe(before.buffer);
  const given: unknown[] = [];
  const asked: Dataset<ImageSample> = { length: 24, get: (i, own) => (given.push(own), dataset.get(i, own)) };
  const loader = new DataLoader({ dataset: asked, views: simclrViews({ size: 32 }), batchSize: 24, workers: 0 });
  for await (const _ of loader.epoch(0));
  await loader.close();
  expect(given.length).toBe(24);
  expect(given.every((own) => own instanceof ReusedMemory)).toBe(true);
  expect(new Set(given).size).toBeLessThan(24);
});

it('is not used for views of one’s own, which may keep their images', async () => {
  const kept: Image[] = [];
  const keep: View = (image) => {
    kept.push(image);
    return { data: image.data.slice(0, 3), shape: [1, 1, 3] };
  };
  const loader = new DataLoader({ dataset, views: [keep], batchSize: 24, shuffle: false, workers: 0 });
  for await (const _ of loader.epoch(0));
  await loader.close();
  const originals = await Promise.all(Array.from({ length: 24 }, async (_, i) => (await dataset.get(i)).image));
  const order = originals.map(({ data }) => kept.findIndex((image) => Buffer.compare(image.data, data) === 0));
  expect(order.toSorted((a, b) => a - b)).toEqual(originals.map((_, i) => i));
});

it('is not passed on by a data set that keeps its samples', async () => {
  const kept = new Map<number, ImageSample>();
  const caching: Dataset<ImageSample> = {
    length: 24,
    async get(index) {
      const sample = kept.get(index) ?? (await dataset.get(index));
      kept.set(index, sample);
      return sample;
    },
  };
  const options = { views: supervisedViews({ size: 24 }), batchSize: 8, seed: 2, workers: 0 } as const;
  const [direct, cached] = [dataset, caching].map((of) => new DataLoader({ ...options, dataset: of }));
  for (const epoch of [0, 1]) {
    const expected: (readonly NdArray<Uint8Array>[])[] = [];
    for await (const { views } of direct!.epoch(epoch)) expected.push(views);
    for await (const { views } of cached!.epoch(epoch)) expect(views).toEqual(expected.shift());
    expect(expected).toEqual([]);
  }
  await Promise.all([direct!.close(), cached!.close()]);
});
