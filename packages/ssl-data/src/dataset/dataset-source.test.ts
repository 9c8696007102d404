import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataError, InvalidOptionError, ndArray } from '@selfsup/ssl-core';
import { afterAll, describe, expect, it } from 'vitest';
import { DataLoader } from '../loader/data-loader.js';
import type { Dataset, ImageSample } from './dataset.js';
import { datasetFromSource } from './dataset-from-source.js';
import type { DatasetSource } from './dataset-source.js';
import { ImageArrayDataset } from './image-array-dataset.js';
import { subset } from './subset.js';

const folder = await mkdtemp(join(tmpdir(), 'own-source-'));
afterAll(() => rm(folder, { recursive: true }));

/** A class of a user's own with a kind of its own; nothing in this package knows it. */
const squares = join(folder, 'squares.mjs');
await writeFile(
  squares,
  `export class Squares {
    constructor({ length, side }) { this.length = length; this.side = side; }
    get source() {
      return { module: import.meta.url, exportName: 'openSquares', options: { length: this.length, side: this.side } };
    }
    get(index) {
      return { image: { data: new Uint8Array(this.side ** 2).fill(index * index), shape: [this.side, this.side, 1] }, label: index };
    }
  }
  export const openSquares = async (options) => new Squares(options);
  export const notOne = () => ({ length: 3 });
  export class Darker {
    constructor(of, by) { this.of = of; this.by = by; this.length = of.length; }
    get source() {
      return { module: import.meta.url, exportName: 'openDarker', options: { of: this.of.source, by: this.by, core: globalThis.openInWorker } };
    }
    async get(index) {
      const { image, label } = await this.of.get(index);
      return { image: { data: image.data.map((value) => Math.max(0, value - this.by)), shape: image.shape }, label };
    }
  }
  export const openDarker = async ({ of, by, core }) => new Darker(await (await import(core)).datasetFromSource(of), by);`,
);

const { Squares, Darker } = (await import(pathToFileURL(squares).href)) as {
  Squares: new (options: { length: number; side: number }) => Dataset<ImageSample>;
  Darker: new (of: Dataset<ImageSample>, by: number) => Dataset<ImageSample>;
};
// What a package of a user's writes as import { datasetFromSource } from '@selfsup/ssl-data'.
(globalThis as { openInWorker?: string }).openInWorker = new URL('./dataset-from-source.ts', import.meta.url).href;

async function pixelsAndLabels(dataset: Dataset<ImageSample>, workers: number): Promise<readonly unknown[]> {
  const loader = new DataLoader({ dataset, batchSize: 2, shuffle: false, workers });
  try {
    expect(loader.workers).toBe(workers);
    const batches = [];
    for await (const batch of loader.epoch(0)) batches.push([batch.images.data.slice(), batch.labels!.data.slice()]);
    return batches;
  } finally {
    await loader.close();
  }
}

describe("a data set of a user's own", () => {
  it.each([
    ['by itself', () => new Squares({ length: 6, side: 3 })],
    ['as a subset', () => subset(new Squares({ length: 6, side: 3 }), [5, 0, 3, 3])],
    [
      'around one of this package',
      () => new Darker(new ImageArrayDataset(ndArray(Uint8Array.of(9, 8, 7, 6), [4, 1, 1]), [0, 1, 2, 3]), 7),
    ],
    ['around a subset of another one', () => new Darker(subset(new Squares({ length: 6, side: 2 }), [4, 3]), 10)],
  ])('is opened in workers %s', async (_, make) => {
    const dataset = make();
    const here = await pixelsAndLabels(dataset, 0);
    expect(here).toHaveLength(dataset.length / 2);
    expect(await pixelsAndLabels(dataset, 2)).toEqual(here);
  });

  it.each<readonly [string, unknown, RegExp]>([
    [
      'a kind without a module',
      { kind: 'lmdb', records: {} },
      /dataset.source must be \{ module, exportName, options \}.* Such as \{ module: import\.meta\.url/,
    ],
    [
      'a path that means another place in a thread',
      { module: './mine.js', exportName: 'open' },
      /relative|import\.meta\.url/,
    ],
    ['a text', 'photos', /must be \{ module, exportName, options \}/],
  ])('with %s for its source is refused at once', (_, source, message) => {
    const dataset = { length: 4, get: () => ({}), source: source as DatasetSource } as unknown as Dataset<ImageSample>;
    const make = () => new DataLoader({ dataset, batchSize: 2, workers: 1 });
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(message);
  });

  it('whose options a worker cannot get is refused when the workers start', async () => {
    const source = { module: squares, exportName: 'openSquares', options: { f: () => 1 } };
    const dataset = { length: 4, get: () => ({}), source } as unknown as Dataset<ImageSample>;
    const message = /dataset\.source\.options must be plain data.*Or set workers: 0/;
    await expect(pixelsAndLabels(dataset, 1)).rejects.toThrow(message);
    await expect(pixelsAndLabels(dataset, 1)).rejects.toThrow(InvalidOptionError);
  });

  it.each<readonly [string, DatasetSource, RegExp]>([
    [
      'a module that is not there',
      { module: join(folder, 'none.mjs'), exportName: 'open' },
      /none\.mjs.*cannot be imported/,
    ],
    [
      'a function that is not there',
      { module: squares, exportName: 'open' },
      /has no function 'open'; it exports Darker/,
    ],
    ['no data set', { module: pathToFileURL(squares), exportName: 'notOne' }, /'notOne' must return a data set/],
  ])('whose source gives %s fails with its name, here and in a worker', async (_, source, message) => {
    await expect(datasetFromSource(source)).rejects.toThrow(message);
    await expect(datasetFromSource(source)).rejects.toThrow(DataError);
    const dataset = { length: 4, get: () => ({}), source } as unknown as Dataset<ImageSample>;
    await expect(pixelsAndLabels(dataset, 1)).rejects.toThrow(message);
    await expect(pixelsAndLabels(dataset, 1)).rejects.toThrow(DataError);
  });
});
