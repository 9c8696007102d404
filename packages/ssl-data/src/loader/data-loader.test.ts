import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { DataError, InvalidOptionError, ndArray } from '@selfsup/ssl-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ArrayDataset } from '../dataset/array-dataset.js';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { subset } from '../dataset/subset.js';
import { resize } from '../views/resize.js';
import { simclrViews } from '../views/simclr-views.js';
import { smallImageViews } from '../views/small-image-views.js';
import type { View } from '../views/view.js';
import type { BatchLoader, ImageBatch, ViewBatch } from './batch-loader.js';
import { DataLoader } from './data-loader.js';
import type { DataLoaderOptions } from './data-loader-options.js';

const folder = await mkdtemp(join(tmpdir(), 'loader-'));
afterAll(() => rm(folder, { recursive: true }));

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const loader of open.splice(0)) await loader.close();
});
function loaderOf<const O extends DataLoaderOptions>(options: O): DataLoader<O> {
  const loader = new DataLoader(options);
  open.push(loader);
  return loader;
}

const images = ndArray(
  Uint8Array.from({ length: 50 * 14 * 14 }, (_, i) => (i * 131) >> 4),
  [50, 14, 14],
);
const dataset = new ImageArrayDataset(
  images,
  Array.from({ length: 50 }, (_, index) => index % 7),
);

async function collect<B>(loader: BatchLoader<B>, epoch: number, from = 0): Promise<B[]> {
  const batches: B[] = [];
  for await (const batch of loader.epoch(epoch, from)) batches.push(batch);
  return batches;
}

function hash(batch: ViewBatch | ImageBatch): string {
  const digest = createHash('sha256');
  const arrays = 'views' in batch ? batch.views : [batch.images];
  for (const { data, shape } of [...arrays, batch.index, ...(batch.labels === undefined ? [] : [batch.labels])])
    digest.update(JSON.stringify(shape)).update(data);
  return digest.digest('hex');
}

/** A module for workers, written to a file. */
async function moduleOf(name: string, source: string): Promise<URL> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, source);
  return pathToFileURL(path);
}

describe('batches', () => {
  it('are the same for any number of workers and from any position', async () => {
    const options = { dataset, views: smallImageViews({ size: 12 }), batchSize: 8, seed: 5 } as const;
    const reference = loaderOf({ ...options, workers: 0 });
    const expected = [await collect(reference, 0), await collect(reference, 1)].map((epoch) => epoch.map(hash));
    expect(new Set(expected.flat()).size).toBe(12);
    for (const workers of [1, 2, 4]) {
      const loader = loaderOf({ ...options, workers, prefetchBatches: workers * 2 - 1 });
      expect(loader.workers).toBe(workers);
      expect((await collect(loader, 1)).map(hash)).toEqual(expected[1]);
      expect((await collect(loader, 0)).map(hash)).toEqual(expected[0]);
      for (const from of [1, 5, 6, 9])
        expect((await collect(loader, 1, from)).map(hash)).toEqual(expected[1]!.slice(from));
      await loader.close();
    }
    expect((await collect(reference, 1, 4)).map(hash)).toEqual(expected[1]!.slice(4));
    expect((await collect(loaderOf({ ...options, seed: 6, workers: 0 }), 0)).map(hash)).not.toEqual(expected[0]);
  });

  it('hold views, numbers and classes', async () => {
    const loader = loaderOf({ dataset, views: smallImageViews({ size: 12 }), batchSize: 8, workers: 0 });
    const batches: ViewBatch[] = await collect(loader, 0);
    expect(batches.length).toBe(loader.batchesPerEpoch);
    for (const { views, index, labels } of batches) {
      expect(views.map(({ shape }) => shape)).toEqual([
        [8, 12, 12, 1],
        [8, 12, 12, 1],
      ]);
      expect(views[0]!.data).not.toEqual(views[1]!.data);
      expect([...labels!.data]).toEqual([...index.data].map((i) => i % 7));
    }
  });

  it('show every sample once per epoch, in a new order', async () => {
    const loader = loaderOf({ dataset, batchSize: 8, dropLast: false, workers: 0 });
    const orders: number[][] = [];
    for (const epoch of [0, 1]) {
      const batches: ImageBatch[] = await collect(loader, epoch);
      expect(batches.map(({ index }) => index.shape[0])).toEqual([8, 8, 8, 8, 8, 8, 2]);
      orders.push(batches.flatMap(({ index }) => [...index.data]));
      for (const batch of batches)
        batch.index.data.forEach((index, slot) =>
          expect(batch.images.data.subarray(slot * 196, slot * 196 + 196)).toEqual(dataset.get(index).image.data),
        );
    }
    const ascending = Array.from({ length: 50 }, (_, index) => index);
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual(ascending);
    expect(orders[0]).not.toEqual(orders[1]);
    expect(orders[0]).not.toEqual(ascending);
  });

  it('keep the data set’s order without shuffling', async () => {
    const batches = await collect(loaderOf({ dataset, batchSize: 10, shuffle: false, workers: 0 }), 3);
    expect(batches.flatMap(({ index }) => [...index.data])).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it('respect a small budget of bytes', async () => {
    const options = { dataset, batchSize: 8, seed: 1 };
    const small = await collect(loaderOf({ ...options, workers: 1, prefetchBytes: 1 }), 0);
    expect(small.map(hash)).toEqual((await collect(loaderOf({ ...options, workers: 0 }), 0)).map(hash));
  });
});

describe('workers', () => {
  let clock: URL;
  beforeAll(async () => {
    clock = await moduleOf(
      'clock',
      `export const clocked = ({ length }) => ({ length, get: () => ({ image: { data: new Uint8Array(4), shape: [2, 2, 1] }, label: Date.now() % 1e9 }) });
       export const inverted = ({ from }) => (image) => ({ data: image.data.map((value) => from - value), shape: image.shape });
       export const exiting = () => () => process.exit(3);
       export const throwing = () => (image) => { setTimeout(() => { throw new Error('thrown later') }, 0); return image; };
       export const failing = () => () => { throw new TypeError('view is wrong') };`,
    );
  });
  const clocked = (length: number): Dataset<ImageSample> => ({
    length,
    get: () => ({ image: ndArray(new Uint8Array(4), [2, 2, 1]), label: 0 }),
    source: { module: clock.href, exportName: 'clocked', options: { length } },
  });

  it('go on while the calling thread is blocked, up to the limit of prefetching', async () => {
    const loader = loaderOf({ dataset: clocked(80), batchSize: 10, workers: 1, prefetchBatches: 4 });
    const iterator = loader.epoch(0);
    await iterator.next();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    const woke = Date.now() % 1e9;
    const built: number[] = [];
    for await (const { labels } of iterator) built.push(Math.max(...labels!.data));
    expect(built.length).toBe(7);
    expect(built.slice(0, 4).every((time) => time < woke)).toBe(true);
    expect(built.slice(4).every((time) => time >= woke)).toBe(true);
  });

  it('import views of one’s own, as the calling thread does', async () => {
    const views = [{ module: clock, exportName: 'inverted', options: { from: 255 } }];
    for (const workers of [0, 1]) {
      const [batch] = await collect(loaderOf({ dataset, views, batchSize: 50, shuffle: false, workers }), 0);
      expect(batch!.views[0]!.data).toEqual(images.data.map((value) => 255 - value));
    }
  });

  it.each([
    ['exiting', /a loader worker stopped with exit code 3/],
    ['throwing', /a loader worker crashed: thrown later/],
  ])('that crash end the epoch with an error: %s', async (exportName, message) => {
    const many = subset(
      dataset,
      Array.from({ length: 4000 }, (_, index) => index % 50),
    );
    const loader = loaderOf({ dataset: many, views: [{ module: clock, exportName }], batchSize: 50, workers: 1 });
    // A new epoch starts new workers.
    for (let attempt = 0; attempt < (exportName === 'exiting' ? 2 : 1); attempt++) {
      const error = await collect(loader, 0).catch((reason: unknown) => reason);
      if (!DataError.isInstance(error)) throw error;
      expect(error.message).toMatch(message);
    }
  });

  it('report a view that throws and a module that is missing, with any number of workers', async () => {
    for (const workers of [0, 1]) {
      const failing = loaderOf({
        dataset,
        views: [{ module: clock, exportName: 'failing' }],
        batchSize: 5,
        workers,
        onError: 'skip',
      });
      await expect(collect(failing, 0)).rejects.toThrow(/sample \d+: data set or view threw: view is wrong/);
      const absent = loaderOf({
        dataset,
        views: [{ module: new URL('absent.mjs', clock), exportName: 'x' }],
        batchSize: 5,
        workers,
      });
      await expect(collect(absent, 0)).rejects.toBeInstanceOf(DataError);
    }
  });

  it('are not used for functions of one’s own, which the loader tells', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const own: View = (image) => image;
    const loader = loaderOf({ dataset, views: [own], batchSize: 10, workers: 2 });
    expect([loader.workers, loader.inProcessReason]).toEqual([
      0,
      'a view is a function of your own; pass { module, exportName, options } instead',
    ]);
    expect(warn).toHaveBeenCalledTimes(1);
    const samples = new ArrayDataset<ImageSample>([dataset.get(0), dataset.get(1)]);
    const plain: Dataset<ImageSample> = { length: 2, get: (index) => samples.get(index) };
    expect(loaderOf({ dataset: plain, batchSize: 1 }).inProcessReason).toBe(
      'the data set has no source that a worker could open',
    );
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
    expect((await collect(loader, 0)).length).toBe(5);
  });

  it('survive an early break, and closing ends what is under way', async () => {
    const options = { dataset, views: smallImageViews({ size: 12 }), batchSize: 5, seed: 2 } as const;
    const loader = loaderOf({ ...options, workers: 1 });
    for await (const batch of loader.epoch(0)) {
      expect(batch.index.data.length).toBe(5);
      break;
    }
    expect((await collect(loader, 0)).map(hash)).toEqual(
      (await collect(loaderOf({ ...options, workers: 0 }), 0)).map(hash),
    );
    const blocked = loader.epoch(1);
    await blocked.next();
    await loader.close();
    await loader.close();
    const rest = (async () => {
      for await (const batch of blocked) expect(batch.index.data.length).toBe(5);
    })();
    await expect(rest).rejects.toThrow(/the loader was closed/);
    await expect(collect(loader, 0)).rejects.toThrow(/the loader was closed/);
  });
});

describe('image files', () => {
  let root: string;
  const bad = ['cat/3.jpg', 'dog/1.png'];
  beforeAll(async () => {
    root = join(folder, 'photos');
    for (const [c, name] of ['cat', 'dog'].entries()) {
      await mkdir(join(root, name), { recursive: true });
      for (let i = 0; i < 6; i++) {
        const width = 20 + 3 * i;
        const raw = Buffer.from(Uint8Array.from({ length: width * 18 * 3 }, (_, k) => (k * (7 + c + i)) & 255));
        const picture = sharp(raw, { raw: { width, height: 18, channels: 3 } });
        await writeFile(
          join(root, name, `${i}.${c === 0 ? 'jpg' : 'png'}`),
          await (c === 0 ? picture.jpeg() : picture.png()).toBuffer(),
        );
      }
    }
  });

  it('are decoded and augmented in workers', async () => {
    const photos = await ImageFolderDataset.open(root);
    const options = {
      dataset: photos,
      views: simclrViews({ size: 16, strength: 0.5 }),
      batchSize: 5,
      dropLast: false,
    } as const;
    const expected = (await collect(loaderOf({ ...options, workers: 0 }), 0)).map(hash);
    expect(expected.length).toBe(3);
    expect((await collect(loaderOf({ ...options, workers: 1 }), 0)).map(hash)).toEqual(expected);
  });

  it('of unequal size need a view of fixed size', async () => {
    const photos = await ImageFolderDataset.open(root);
    await expect(collect(loaderOf({ dataset: photos, batchSize: 12, workers: 0 }), 0)).rejects.toThrow(
      /others of its batch are .* add a view of fixed size/,
    );
    const [batch] = await collect(
      loaderOf({ dataset: photos, views: [resize({ size: 10 })], batchSize: 12, workers: 0 }),
      0,
    );
    expect(batch!.views[0]!.shape).toEqual([12, 10, 10, 3]);
  });

  it('that are damaged fail, or are replaced the same way each time', async () => {
    const damaged = join(folder, 'damaged');
    const whole = await ImageFolderDataset.open(root);
    for (let index = 0; index < whole.length; index++) {
      const relative = whole.path(index).slice(root.length + 1);
      await mkdir(join(damaged, relative, '..'), { recursive: true });
      const bytes = await sharp(whole.path(index)).toBuffer();
      await writeFile(join(damaged, relative), bad.includes(relative) ? bytes.subarray(0, 60) : bytes);
    }
    const photos = await ImageFolderDataset.open(damaged);
    const options = { dataset: photos, views: [resize({ size: 8 })], batchSize: 4 } as const;
    for (const workers of [0, 1]) {
      const error = await collect(loaderOf({ ...options, workers }), 0).catch((reason: unknown) => reason);
      if (!DataError.isInstance(error)) throw error;
      expect(error.message).toMatch(/sample (3|7): cannot be decoded/);
      expect(bad.map((relative) => join(damaged, relative))).toContain(error.path);
      expect(error.message.split(error.path!).length).toBe(2);
    }
    const runs = await Promise.all(
      [0, 2].map(async (workers) => {
        const loader = loaderOf({ ...options, workers, onError: 'skip', maxSkippedShare: 0.2 });
        const batches = await collect(loader, 0);
        return {
          hashes: batches.map(hash),
          indices: batches.flatMap(({ index }) => [...index.data]),
          skipped: [...loader.skipped.keys()].sort((a, b) => a - b),
        };
      }),
    );
    expect(runs[0]!.skipped).toEqual([3, 7]);
    expect(runs[0]!.indices.length).toBe(12);
    expect(runs[0]!.indices.some((index) => index === 3 || index === 7)).toBe(false);
    expect(runs[1]).toEqual(runs[0]);
    const strict = loaderOf({ ...options, workers: 0, onError: 'skip', maxSkippedShare: 0.1 });
    await expect(collect(strict, 0)).rejects.toThrow(/2 of 12 samples cannot be read, more than maxSkippedShare 0.1/);
  });
});

describe('options', () => {
  it.each<[string, Partial<DataLoaderOptions>]>([
    ['batchSize', { batchSize: 0 }],
    ['batchSize', { batchSize: 51 }],
    ['workers', { workers: -1 }],
    ['views', { views: [] }],
    ['prefetchBatches', { prefetchBatches: 0 }],
    ['prefetchBytes', { prefetchBytes: 0 }],
    ['maxSkippedShare', { maxSkippedShare: 2 }],
    ['onError', { onError: 'ignore' as never }],
    ['seed', { seed: 0.5 }],
    ['dataset', { dataset: new ArrayDataset<ImageSample>([]) }],
  ])('refuse a bad %s', (option, change) => {
    const make = (): unknown => new DataLoader({ dataset, batchSize: 8, ...change });
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(new RegExp(`${option} must be`));
  });

  it('refuse a bad position', async () => {
    const loader = loaderOf({ dataset, batchSize: 8, workers: 0 });
    await expect(collect(loader, -1)).rejects.toBeInstanceOf(InvalidOptionError);
    await expect(collect(loader, 0, 0.5)).rejects.toBeInstanceOf(InvalidOptionError);
  });
});
