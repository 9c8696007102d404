import { DataError, InvalidOptionError, ShapeError } from '@selfsup/ssl-core';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ArrayDataset } from './array-dataset.js';
import type { Dataset, ImageSample } from './dataset.js';
import { ImageArrayDataset } from './image-array-dataset.js';
import { ImageFolderDataset } from './image-folder-dataset.js';
import { readImages } from './read-images.js';
import { subset } from './subset.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssl-read-images-'));
  for (const [name, background, width] of [
    ['ant', '#102030', 8],
    ['bee', '#405060', 12],
  ] as const) {
    await mkdir(join(folder, name));
    for (let i = 0; i < 11; i++)
      await sharp({ create: { width, height: 8, channels: 3, background } })
        .png()
        .toFile(join(folder, name, `${i}.png`));
  }
});
afterAll(() => rm(folder, { recursive: true }));

it('puts every image and class of a folder into one array, in order', async () => {
  const dataset = await ImageFolderDataset.open(folder, { resize: { width: 4, height: 4, fit: 'cover' } });
  const { images, labels } = await readImages(dataset);
  expect(images.shape).toEqual([22, 4, 4, 3]);
  expect([...labels]).toEqual([...dataset.labels!]);
  const of = (index: number) => [...images.data.subarray(index * 48, index * 48 + 3)];
  expect([of(0), of(10), of(11), of(21)]).toEqual([
    [0x10, 0x20, 0x30],
    [0x10, 0x20, 0x30],
    [0x40, 0x50, 0x60],
    [0x40, 0x50, 0x60],
  ]);
});

it('reads some of an array, whose images have no class', async () => {
  const data = Uint8Array.from({ length: 5 * 6 }, (_, i) => i);
  const dataset = new ImageArrayDataset({ data, shape: [5, 2, 3] });
  const { images, labels } = await readImages(subset(dataset, [4, 1]));
  expect(images).toEqual({ data: Uint8Array.of(24, 25, 26, 27, 28, 29, 6, 7, 8, 9, 10, 11), shape: [2, 2, 3, 1] });
  expect([...labels]).toEqual([-1, -1]);
});

it('refuses images of different sizes, and its advice works', async () => {
  const reading = readImages(await ImageFolderDataset.open(folder));
  await expect(reading).rejects.toSatisfy(
    (error) => ShapeError.isInstance(error) && /image 11 must be \[8, 8, 3\] as image 0; .*resize/.test(error.message),
  );
});

it('refuses no images, and more than the memory holds before it reads them', async () => {
  const none: Dataset<ImageSample> = {
    length: 0,
    get: () => ({ image: { data: new Uint8Array(), shape: [0, 0, 1] } }),
  };
  await expect(readImages(none)).rejects.toThrow(InvalidOptionError);
  const image = { data: new Uint8Array(1_000_000), shape: [1000, 1000, 1] };
  let read = 0;
  const vast: Dataset<ImageSample> = { length: 2 ** 31, get: () => (read++, { image }) };
  await expect(readImages(vast)).rejects.toThrow(/GiB/);
  expect(read).toBe(1);
});

const image = { data: new Uint8Array(4), shape: [2, 2, 1] };
it.each([
  ['nothing', null, /sample 1 .* no image/],
  ['no image', { x: 1 }, /sample 1 .* no image/],
  ['lists for an image', { image: [[1, 2]] }, /no image \{ data: Uint8Array, shape \}/],
  ['an image without its shape', { image: { data: new Uint8Array(4) } }, /no image/],
  ['floats', { image: { data: new Float32Array(4), shape: [2, 2, 1] } }, /\[2, 2, 1\] for a Float32Array/],
  ['a volume', { image: { data: new Float32Array(4), shape: [1, 2, 2, 1] } }, /volume/],
  ['more data than its shape', { image: { ...image, data: new Uint8Array(9) } }, /takes 4 values, with data of 9/],
  ['a name for a class', { image, label: 'cat' }, /sample 1 .* label 'cat', which is no class/],
  ['half a class', { image, label: 1.5 }, /label 1\.5/],
])('refuses a sample that is %s', async (_, sample, message) => {
  const reading = readImages(new ArrayDataset([{ image, label: 3 }, sample]) as unknown as Dataset<ImageSample>);
  await expect(reading).rejects.toSatisfy((error) => DataError.isInstance(error) && message.test(error.message));
});

it.each([NaN, 2.5, -1])('refuses a data set of %s samples', async (length) => {
  await expect(readImages({ length, get: () => ({ image }) })).rejects.toThrow(/dataset\.length .* at least one image/);
});
