import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, ndArray, randomKey } from '@selfsup/ssl-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packLmdb } from '../lmdb/pack-lmdb.js';
import { LmdbDataset } from '../lmdb/lmdb-dataset.js';
import { balancedSampler } from '../loader/balanced-sampler.js';
import { DataLoader } from '../loader/data-loader.js';
import { ArrayDataset } from './array-dataset.js';
import { balancedSubset } from './balanced-subset.js';
import type { Dataset, ImageSample } from './dataset.js';
import { fractionSubset } from './fraction-subset.js';
import { ImageArrayDataset } from './image-array-dataset.js';
import { labelledRows } from './labelled-rows.js';
import { ManifestDataset } from './manifest-dataset.js';
import { subset } from './subset.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labels-'));
});
afterAll(() => rm(folder, { recursive: true }));

const image = (): ImageSample['image'] => ndArray(new Uint8Array(3 * 4 * 4), [4, 4, 3]);
const samples = (labels: readonly number[]): Dataset<ImageSample> =>
  new ArrayDataset(labels.map((label) => ({ image: image(), label })));
/** Without `source`: loads in this thread, sample by sample. */
const plain = (labels: readonly number[]): Dataset<ImageSample> => ({
  length: labels.length,
  get: (index) => ({ image: image(), label: labels[index]! }),
});

async function batchLabels(dataset: Dataset<ImageSample>): Promise<number[]> {
  const loader = new DataLoader({ dataset, batchSize: dataset.length, shuffle: false, workers: 0 });
  for await (const { labels } of loader.epoch(0)) return [...labels!.data];
  return [];
}

it('a loader hands on that a sample has no label', async () => {
  for (const dataset of [samples([2, -1, 0]), plain([2, -1, 0])])
    expect(await batchLabels(dataset)).toEqual([2, -1, 0]);
  const array = new ImageArrayDataset(ndArray(new Uint8Array(12), [3, 2, 2]), [2, -1, 0]);
  expect([...array.labels!]).toEqual([2, -1, 0]);
});

it.each([1.5, NaN, -2, -100, 2 ** 31])('nothing takes %d for a label', async (wrong) => {
  await expect(batchLabels(plain([0, wrong]))).rejects.toThrow(
    `the label is ${wrong}; classes are integers from 0 on, -1 = no label`,
  );
  expect(() => samples([0, wrong]).source).toThrow(DataError);
  expect(() => new ImageArrayDataset(ndArray(new Uint8Array(8), [2, 2, 2]), [0, wrong])).toThrow(/labels\[1\] is/);
  for (const draw of [
    () => balancedSubset([0, wrong], 1, randomKey(1)),
    () => fractionSubset([0, wrong], 1, randomKey(1)),
    () => balancedSampler([0, wrong]),
  ]) {
    expect(draw).toThrow(DataError);
    expect(draw).toThrow(/labels\[1\] is .*outside the classes 0 \.\. 0$/);
  }
});

it('a table with another negative number is refused at its line', async () => {
  const path = join(folder, 'data.csv');
  await writeFile(path, 'image,label\na.png,3\nb.png,-1\nc.png,-2\n');
  await expect(ManifestDataset.open(path)).rejects.toThrow(/has the label -2; classes are integers from 0 on/);
});

it('packLmdb refuses -1, which it could not read again, and takes the part that it advises', async () => {
  const labels = [1, -1, 0];
  const file = join(folder, 'some.lmdb');
  await expect(packLmdb(samples(labels), file)).rejects.toThrow(
    'sample 1 has the label -1, which is no class; pack those that have one: subset(dataset, labelledRows(labels))',
  );
  await packLmdb(subset(samples(labels), labelledRows(labels)), file);
  const packed = await LmdbDataset.open(file);
  expect([...packed.labels!]).toEqual([1, 0]);
  await packed.close();
});
