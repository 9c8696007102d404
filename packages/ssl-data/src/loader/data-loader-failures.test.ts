import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { DataError, ndArray } from '@selfsup/ssl-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { resize } from '../views/resize.js';
import { packWebDataset } from '../webdataset/pack-web-dataset.js';
import { WebDataset } from '../webdataset/web-dataset.js';
import type { BatchLoader, ImageBatch, ViewBatch } from './batch-loader.js';
import { DataLoader } from './data-loader.js';
import type { DataLoaderOptions } from './data-loader-options.js';
import { sequentialSampler } from './sequential-sampler.js';

const folder = await mkdtemp(join(tmpdir(), 'loader-failures-'));
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

async function collect<B>(loader: BatchLoader<B>, epoch = 0, from = 0): Promise<B[]> {
  const batches: B[] = [];
  for await (const batch of loader.epoch(epoch, from)) batches.push(batch);
  return batches;
}

/** The error that an epoch ends with, which must be a typed one. */
async function failureOf(loader: BatchLoader<unknown>): Promise<DataError> {
  const error = await collect(loader).then(
    () => new Error('the epoch came to its end'),
    (reason: unknown) => reason,
  );
  if (!DataError.isInstance(error)) throw error;
  return error;
}

function hash(batch: ViewBatch | ImageBatch): string {
  const digest = createHash('sha256');
  const arrays = 'views' in batch ? batch.views : [batch.images];
  for (const { data, shape } of [...arrays, batch.index, ...(batch.labels === undefined ? [] : [batch.labels])])
    digest.update(JSON.stringify(shape)).update(data);
  return digest.digest('hex');
}

const noisy = (seed: number, width = 48, height = 40): Sharp =>
  sharp(
    Uint8Array.from({ length: width * height * 3 }, (_, i) => Math.imul((i >> 4) + seed, 0x9e3779b1) >>> 24),
    { raw: { width, height, channels: 3 } },
  );

describe('a damaged image in a shard', () => {
  const damaged = [5, 6, 17];
  let dataset: WebDataset;
  beforeAll(async () => {
    const samples = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const jpg = await noisy(index * 1000)
          .jpeg()
          .toBuffer();
        // Cut inside the picture's data: the header still tells of a whole picture.
        return {
          key: `s${index}`,
          members: { jpg: damaged.includes(index) ? jpg.subarray(0, jpg.length * 0.7) : jpg, cls: String(index % 4) },
        };
      }),
    );
    await packWebDataset(samples, join(folder, 'shards'), { maxSamples: 20 });
    dataset = await WebDataset.open(join(folder, 'shards'));
  });
  afterAll(() => dataset.close());

  it('ends the epoch with the shard’s path and the image’s place in it', async () => {
    for (const workers of [0, 2]) {
      const error = await failureOf(loaderOf({ dataset, batchSize: 8, shuffle: false, workers }));
      expect(error.path).toBe(dataset.shard(5));
      expect(error.message).toMatch(/sample 5: 's5\.jpg' cannot be decoded/);
      expect(error.message.split(error.path!)).toHaveLength(2);
      const shard = await readFile(error.path!);
      // At the offset begins the image itself.
      expect([...shard.subarray(error.offset, error.offset! + 3)]).toEqual([0xff, 0xd8, 0xff]);
      expect(shard.subarray(error.offset! - 512, error.offset! - 507).toString()).toBe('s5.jp');
    }
  });

  it('is replaced by another sample of the epoch with its own class, the same way for any number of workers', async () => {
    const options = { dataset, batchSize: 6, dropLast: false, seed: 4, onError: 'skip', maxSkippedShare: 0.1 } as const;
    const reference = loaderOf({ ...options, workers: 0 });
    const epochs = [await collect(reference, 0), await collect(reference, 1)];
    for (const batches of epochs) {
      expect(batches.map(({ index }) => index.data.length)).toEqual([6, 6, 6, 6, 6, 6, 4]);
      for (const { images, index, labels } of batches) {
        for (const [slot, sample] of index.data.entries()) {
          expect(damaged).not.toContain(sample);
          expect(labels!.data[slot]).toBe(sample % 4);
          const { image } = await dataset.get(sample);
          expect(images.data.subarray(slot * image.data.length, (slot + 1) * image.data.length)).toEqual(image.data);
        }
      }
      const whole = batches.flatMap(({ index }) => [...index.data]);
      expect(new Set(whole).size).toBe(37);
    }
    expect([...reference.skipped.keys()].sort((a, b) => a - b)).toEqual(damaged);
    const hashes = epochs.map((batches) => batches.map(hash));
    for (const workers of [1, 2, 4]) {
      const loader = loaderOf({ ...options, workers });
      expect((await collect(loader, 1)).map(hash)).toEqual(hashes[1]);
      expect((await collect(loader, 0)).map(hash)).toEqual(hashes[0]);
      for (const from of [2, 5]) expect((await collect(loader, 0, from)).map(hash)).toEqual(hashes[0]!.slice(from));
      expect([...loader.skipped.keys()].sort((a, b) => a - b)).toEqual(damaged);
      expect(loader.skipped.get(17)).toMatch(/'s17\.jpg' cannot be decoded/);
      await loader.close();
    }
  });

  it('is replaced within the sampler’s samples only', async () => {
    const class1 = Array.from({ length: 10 }, (_, at) => 4 * at + 1);
    const loader = loaderOf({
      dataset,
      sampler: sequentialSampler(class1),
      batchSize: 10,
      workers: 0,
      onError: 'skip',
      maxSkippedShare: 0.2,
    });
    for (const epoch of [0, 1, 2, 3]) {
      const [batch] = await collect(loader, epoch);
      expect([...batch!.labels!.data]).toEqual(class1.map(() => 1));
      for (const [slot, index] of batch!.index.data.entries())
        expect(damaged.includes(class1[slot]!) ? class1.includes(index) : index === class1[slot]).toBe(true);
    }
    expect([...loader.skipped.keys()].sort((a, b) => a - b)).toEqual([5, 17]);
  });

  it('is counted epoch by epoch, up to the share that is allowed', async () => {
    const options = { dataset, batchSize: 8, workers: 0, onError: 'skip' } as const;
    const loader = loaderOf({ ...options, maxSkippedShare: 3 / 40 });
    for (const epoch of [0, 1, 2]) expect(await collect(loader, epoch)).toHaveLength(5);
    const strict = await failureOf(loaderOf({ ...options, maxSkippedShare: 2 / 40 }));
    expect(strict.message).toMatch(
      /3 of 40 samples cannot be read, more than maxSkippedShare 0\.05; .* First failure: /,
    );
    // 1 % by default.
    expect((await failureOf(loaderOf(options))).message).toMatch(/of 40 samples cannot be read/);
  });

  it('ends the epoch when nothing else is there', async () => {
    const sampler = sequentialSampler([5, 6, 17]);
    const options = { dataset, sampler, batchSize: 3, onError: 'skip', maxSkippedShare: 1 } as const;
    for (const workers of [0, 1])
      expect((await failureOf(loaderOf({ ...options, workers }))).message).toMatch(
        /3 samples that were drawn for one batch cannot be read; .* First failure: .*sample 5: /,
      );
  });
});

describe('a truncated JPEG', () => {
  it('never passes as whole, wherever it ends and however it was written', async () => {
    const root = join(folder, 'truncated');
    const kinds = { baseline: {}, progressive: { progressive: true }, restarts: { mozjpeg: true } };
    let cuts = 0;
    for (const [kind, options] of Object.entries(kinds)) {
      await mkdir(join(root, kind), { recursive: true });
      const jpg = await noisy(3, 120, 90).jpeg(options).toBuffer();
      await writeFile(join(root, kind, 'whole.jpg'), jpg);
      for (let cut = 0; cut < 40; cut++, cuts++) {
        const end = cut < 8 ? jpg.length - 1 - cut : Math.floor((jpg.length * (cut - 7)) / 33);
        await writeFile(join(root, kind, `${cut}.jpg`), jpg.subarray(0, end));
      }
    }
    for (const decoding of [{}, { resize: { width: 16, height: 16, fit: 'cover' } }] as const) {
      const dataset = await ImageFolderDataset.open(root, decoding);
      expect(dataset).toHaveLength(cuts + 3);
      const passed: number[] = [];
      for (let index = 0; index < dataset.length; index++) {
        const failure = await dataset.get(index).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure === undefined) passed.push(index);
        else if (!DataError.isInstance(failure)) throw failure;
      }
      expect(passed.map((index) => dataset.path(index).slice(root.length + 1))).toEqual([
        'baseline/whole.jpg',
        'progressive/whole.jpg',
        'restarts/whole.jpg',
      ]);
    }
  });
});

describe('a decompression bomb', () => {
  it('is refused by its header, or skipped', async () => {
    const root = join(folder, 'bombs');
    await mkdir(root);
    const bomb = await sharp({ create: { width: 9000, height: 9000, channels: 3, background: '#123' } })
      .png()
      .toBuffer();
    expect(bomb.length).toBeLessThan(2e6);
    await writeFile(join(root, 'bomb.png'), bomb);
    for (let i = 0; i < 5; i++) await writeFile(join(root, `fine-${i}.png`), await noisy(i).png().toBuffer());
    const dataset = await ImageFolderDataset.open(root, { maxPixels: 1e6 });
    const options = { dataset, views: [resize({ size: 8 })], batchSize: 6 } as const;
    for (const workers of [0, 1]) {
      const error = await failureOf(loaderOf({ ...options, workers }));
      expect(error.path).toBe(join(root, 'bomb.png'));
      expect(error.message).toMatch(
        /is 9000 x 9000, 81000000 pixels, more than maxPixels \(1000000\); pass a larger maxPixels/,
      );
      const loader = loaderOf({ ...options, workers, onError: 'skip', maxSkippedShare: 0.2 });
      const [batch] = await collect(loader);
      expect(batch!.index.data.length).toBe(6);
      expect([...loader.skipped.keys()].map((index) => dataset.path(index))).toEqual([join(root, 'bomb.png')]);
    }
  });
});

describe('a data set that goes wrong', () => {
  let module: URL;
  beforeAll(async () => {
    const path = join(folder, 'wrong.mjs');
    await writeFile(
      path,
      `const fine = (index) => ({ image: { data: new Uint8Array(4).fill(index), shape: [2, 2, 1] }, label: index });
       const at = (index, wrong) => ({ length: 20, get: (i) => (i === index ? wrong() : Promise.resolve(fine(i))) });
       export const exits = ({ code }) => at(7, () => process.exit(code));
       export const exitsLater = () => at(7, () => new Promise(() => setTimeout(() => process.exit(4), 10)));
       export const exitsAtOnce = () => process.exit(5);
       export const never = () => at(7, () => new Promise(() => {}));
       export const blocks = () => at(7, () => { for (;;); });
       export const throwsText = () => at(7, () => { throw 'no error object'; });
       export const rejects = () => at(7, () => Promise.reject(undefined));
       export const uncaught = () => at(7, () => { setTimeout(() => { throw new RangeError('thrown later'); }, 0); return new Promise(() => {}); });
       export const counts = ({ counter, bytes, length }) => ({ length, get: (i) => { Atomics.add(counter, 0, 1); return { image: { data: new Uint8Array(bytes).fill(i), shape: [1, bytes, 1] } }; } });`,
    );
    module = pathToFileURL(path);
  });
  const wrong = (exportName: string, options: unknown = {}, length = 20): Dataset<ImageSample> => ({
    length,
    get: () => Promise.reject(new DataError('is for workers')),
    source: { module: module.href, exportName, options },
  });

  it.each<[string, unknown, RegExp]>([
    ['exits', { code: 0 }, /a loader worker stopped with exit code 0; a data set or view must not end its thread/],
    ['exits', { code: 3 }, /a loader worker stopped with exit code 3/],
    ['exitsLater', {}, /a loader worker stopped with exit code 4/],
    ['exitsAtOnce', {}, /a loader worker stopped with exit code 5/],
    ['uncaught', {}, /a loader worker crashed: thrown later/],
    ['throwsText', {}, /sample 7: data set or view threw: no error object/],
    ['rejects', {}, /sample 7: data set or view threw: undefined/],
  ])('%s %j: the epoch ends with an error', async (exportName, options, message) => {
    const loader = loaderOf({ dataset: wrong(exportName, options), batchSize: 2, workers: 1, shuffle: false });
    expect((await failureOf(loader)).message).toMatch(message);
  });

  it('kills its worker also with skip, which is about samples', async () => {
    const loader = loaderOf({ dataset: wrong('exits', { code: 1 }), batchSize: 5, workers: 2, onError: 'skip' });
    expect((await failureOf(loader)).message).toMatch(/exit code 1/);
  });

  it.each([
    ['never', 'fail', /sample 7: not read within 0\.3 s; check the storage, or raise sampleTimeout/],
    ['never', 'skip', /sample 7: not read within 0\.3 s/],
    ['blocks', 'fail', /a loader worker got no further for 0\.375 s; a data set or view must not block its thread/],
    ['blocks', 'skip', /a loader worker got no further/],
  ] as const)('and %s answers ends the epoch: onError %s', async (exportName, onError, message) => {
    const loader = loaderOf({
      dataset: wrong(exportName),
      batchSize: 5,
      workers: 1,
      shuffle: false,
      sampleTimeout: 0.3,
      onError,
    });
    expect((await failureOf(loader)).message).toMatch(message);
  });

  it('and never answers in the calling thread ends the epoch too', async () => {
    const dataset: Dataset<ImageSample> = {
      length: 9,
      get: (index) =>
        index === 4 ? new Promise(() => {}) : Promise.resolve({ image: ndArray(new Uint8Array(1), [1, 1, 1]) }),
    };
    const loader = loaderOf({
      dataset,
      batchSize: 3,
      shuffle: false,
      workers: 0,
      sampleTimeout: 0.05,
      onError: 'skip',
    });
    const seen: number[] = [];
    const run = (async () => {
      for await (const { index } of loader.epoch(0)) seen.push(...index.data);
    })();
    await expect(run).rejects.toThrow(/sample 4: not read within 0\.05 s/);
    expect(seen).toEqual([0, 1, 2]);
  });

  it('reports the first failure of a batch, whichever comes to light first', async () => {
    const failing = (slowFirst: boolean): Dataset<ImageSample> => ({
      length: 8,
      get: async (index) => {
        for (let turn = 0; turn < (slowFirst ? 8 - index : index) * 5; turn++) await Promise.resolve();
        if (index >= 2) throw new DataError(`bad ${index}`, { path: 'here', offset: index });
        return { image: ndArray(new Uint8Array(1), [1, 1, 1]) };
      },
    });
    for (const slowFirst of [true, false]) {
      const error = await failureOf(
        loaderOf({ dataset: failing(slowFirst), batchSize: 8, shuffle: false, workers: 0 }),
      );
      expect([error.message, error.path, error.offset]).toEqual([expect.stringMatching(/sample 2: bad 2/), 'here', 2]);
    }
  });

  it('is never read further ahead than prefetchBytes and prefetchBatches say', async () => {
    const [batchSize, bytes, length] = [4, 1000, 200];
    for (const [prefetchBatches, prefetchBytes, limit] of [
      [50, 3.5 * batchSize * (bytes + 4), 3],
      [2, 2 ** 29, 2],
      [50, 1, 1],
    ] as const) {
      const counter = new Int32Array(new SharedArrayBuffer(4));
      const dataset = wrong('counts', { counter, bytes, length }, length);
      const loader = loaderOf({ dataset, batchSize, workers: 2, shuffle: false, prefetchBatches, prefetchBytes });
      let taken = 0;
      for await (const { index } of loader.epoch(0)) {
        taken++;
        expect(index.data[0]).toBe((taken - 1) * batchSize);
        const most = Math.min(length, (taken + limit) * batchSize);
        expect(Atomics.load(counter, 0)).toBeLessThanOrEqual(most);
        // The workers do go on to the limit while nobody takes anything, and stay there.
        if (taken % 10 === 1)
          while (Atomics.load(counter, 0) < most) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(taken).toBe(50);
      expect(Atomics.load(counter, 0)).toBe(length);
    }
  });
});
