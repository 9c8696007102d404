import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { LmdbDataset } from '../lmdb/lmdb-dataset.js';
import { packLmdb } from '../lmdb/pack-lmdb.js';
import { ParquetImageDataset } from '../parquet/parquet-image-dataset.js';
import { packWebDataset } from '../webdataset/pack-web-dataset.js';
import { WebDataset } from '../webdataset/web-dataset.js';
import { openSource } from './open-source.js';
import type { OpenedSource, SourceKind } from './source-recogniser.js';

const arrays = fileURLToPath(new URL('../../../../test/golden/data/arrays/', import.meta.url));
const png = await sharp(Uint8Array.of(1, 2, 3, 4, 5, 6), { raw: { width: 2, height: 1, channels: 3 } })
  .png()
  .toBuffer();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-source-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

function idx(shape: readonly number[], first: number): Buffer {
  const head = Buffer.from([0, 0, 8, shape.length, ...shape.flatMap((side) => [0, 0, 0, side])]);
  const count = shape.reduce((product, side) => product * side, 1);
  return Buffer.concat([head, Uint8Array.from({ length: count }, (_, i) => first + i)]);
}

async function summary(source: string, options: Parameters<typeof openSource>[1] = {}): Promise<unknown[]> {
  const opened: OpenedSource = await openSource(source, options);
  const { kind, dataset, classes } = opened;
  const labels = await opened.labels();
  await opened.close();
  return [kind, dataset.length, classes, labels === undefined ? undefined : Array.from(labels)];
}

describe('openSource', () => {
  it('opens folders of images, with and without classes', async () => {
    for (const name of ['a/1.PNG', 'a/2.png', 'b/deep/3.png', 'b/notes.txt']) await put(name, png);
    expect(await summary(folder)).toEqual(['image-folder', 3, ['a', 'b'], [0, 0, 1]]);
    expect(await summary(folder, { labels: 'none' })).toEqual(['image-folder', 3, [], undefined]);
    expect(await summary(pathToFileURL(join(folder, 'a')).href)).toEqual(['image-folder', 2, [], undefined]);
    const { dataset } = await openSource(folder, { content: 'images', decoding: { channels: 1 } });
    expect((await dataset.get(0)).image.shape).toEqual([1, 2, 1]);
  });

  it('does not take train and test for classes', async () => {
    for (const name of ['train/a/1.png', 'train/b/2.png', 'val/a/3.png']) await put(name, png);
    await expect(openSource(folder)).rejects.toThrow(/holds train, val, which look like parts of a data set/);
    expect(await summary(join(folder, 'train'))).toEqual(['image-folder', 2, ['a', 'b'], [0, 1]]);
    expect(await summary(folder, { labels: 'none' })).toEqual(['image-folder', 3, [], undefined]);
    expect(await summary(folder, { kind: 'image-folder' })).toEqual(['image-folder', 3, ['train', 'val'], [0, 0, 1]]);
  });

  it('opens shards: one, a folder of them, a pattern', async () => {
    const samples = [3, 1, 4].map((label, index) => ({ key: `s${index}`, members: { png, cls: String(label) } }));
    await packWebDataset(samples, folder, { maxSamples: 2 });
    expect(await summary(folder)).toEqual(['webdataset', 3, [], [3, 1, 4]]);
    expect(await summary(folder, { labels: 'none' })).toEqual(['webdataset', 3, [], undefined]);
    expect(await summary(join(folder, '000001.tar'))).toEqual(['webdataset', 1, [], [4]]);
    expect(await summary(`${folder}/{000000..000001}.tar`)).toEqual(['webdataset', 3, [], [3, 1, 4]]);
    await copyFile(join(folder, '000000.tar'), join(folder, 'unnamed{1}'));
    expect(await summary(join(folder, 'unnamed{1}'))).toEqual(['webdataset', 2, [], [3, 1]]);
    await expect(openSource(`${folder}/{000000..000002}.tar`)).rejects.toThrow(DataError);
    const zipped = await put('a.tar.gz', gzipSync(await readFile(join(folder, '000000.tar'))));
    await expect(openSource(zipped)).rejects.toThrow(/a\.tar\.gz.*: is compressed by gzip.*; unpack it: gunzip/);
    const upper = await put('upper/A.TAR', await readFile(join(folder, '000000.tar')));
    for (const place of [upper, dirname(upper)]) expect(await summary(place)).toEqual(['webdataset', 2, [], [3, 1]]);
  });

  it('opens IDX files with the classes that belong to them', async () => {
    await put('train-images-idx3-ubyte.gz', gzipSync(idx([2, 3, 2], 0)));
    await put('train-labels-idx1-ubyte.gz', gzipSync(idx([2], 7)));
    await put('t10k-images.idx3-ubyte', idx([1, 3, 2], 0));
    await put('t10k-labels.idx1-ubyte', idx([1], 5));
    expect(await summary(folder)).toEqual(['idx', 2, [], [7, 8]]);
    expect(await summary(folder, { split: 'test' })).toEqual(['idx', 1, [], [5]]);
    expect(await summary(join(folder, 'train-images-idx3-ubyte.gz'))).toEqual(['idx', 2, [], [7, 8]]);
    const bare = await put('bare', idx([2, 3, 2], 0));
    expect(await summary(bare)).toEqual(['idx', 2, [], undefined]);
    const labelFile = join(folder, 'train-labels-idx1-ubyte.gz');
    expect(await summary(bare, { labelFile })).toEqual(['idx', 2, [], [7, 8]]);
    await rm(join(folder, 't10k-images.idx3-ubyte'));
    await expect(openSource(folder, { split: 'test' })).rejects.toThrow(
      /has no IDX files with the images of 'test'; give the path of one of train-images-idx3-ubyte.gz/,
    );
  });

  it('opens CIFAR-10 and CIFAR-100, and names what is missing', async () => {
    await put('ten/cifar-10-batches-bin/test_batch.bin', Buffer.concat([Buffer.of(7), Buffer.alloc(3072)]));
    await put('hundred/train.bin', Buffer.concat([Buffer.of(19, 99), Buffer.alloc(3072)]));
    await put('hundred/fine_label_names.txt', 'x');
    await put('pickled/data_batch_1', 'x');
    expect(await summary(join(folder, 'ten'), { split: 'test' })).toEqual(['cifar', 1, [], [7]]);
    await expect(openSource(join(folder, 'ten'))).rejects.toThrow(/has no data_batch_1.bin; the train split is/);
    await expect(openSource(join(folder, 'pickled'))).rejects.toThrow(/data_batch_5.bin of cifar-10-binary.tar.gz/);
    await rm(join(folder, 'hundred/fine_label_names.txt'));
    await put('hundred/test.bin', Buffer.concat([Buffer.of(4, 50), Buffer.alloc(3072)]));
    expect(await summary(join(folder, 'hundred'))).toEqual(['cifar', 1, [], [99]]);
  });

  it('opens arrays of NumPy', async () => {
    expect(await summary(join(arrays, 'stored.npz'))).toEqual(['numpy', 3, [], [2, 0, 1]]);
    await expect(openSource(join(arrays, 'stored.npz'), { split: 'test' })).rejects.toThrow(/x_test/);
  });

  it('opens tables, lists, LMDB databases and Parquet files', async () => {
    for (const name of ['a/1.png', 'b/2.png']) await put(name, png);
    const table = await put('all.csv', 'path,label\na/1.png,cat\nb/2.png,dog\n');
    expect(await summary(table)).toEqual(['manifest', 2, ['cat', 'dog'], [0, 1]]);
    expect(await summary(table, { labels: 'none' })).toEqual(['manifest', 2, [], undefined]);
    const list = await put('all.lst', 'b/2.png 5\na/1.png 3\n');
    expect(await summary(list)).toEqual(['image-list', 2, [], [5, 3]]);
    const named = await put('all.txt', 'b/2.png\n');
    expect(await summary(named, { kind: 'image-list' })).toEqual(['image-list', 1, [], undefined]);
    await rm(table);
    const { path } = await packLmdb(await ImageFolderDataset.open(folder), join(folder, 'packed.lmdb'));
    for (const place of [path, dirname(path)]) expect(await summary(place)).toEqual(['lmdb', 2, ['a', 'b'], [0, 1]]);
    expect(await summary(path, { labels: 'none' })).toEqual(['lmdb', 2, [], undefined]);
    const parquet = fileURLToPath(new URL('../../../../test/golden/data/parquet/', import.meta.url));
    const opened = await openSource(join(parquet, 'hub-none.parquet'), { content: 'images' });
    expect([opened.kind, opened.dataset.length, (await opened.labels())?.length]).toEqual(['parquet', 23, 23]);
    // The same images, byte for byte, as shards and as a database.
    const shards = await packWebDataset(opened.dataset, join(folder, 'shards'));
    const database = await packLmdb(opened.dataset, join(folder, 'hub.lmdb'));
    const [from, inShards, inDatabase] = [
      await ParquetImageDataset.open(join(parquet, 'hub-none.parquet')),
      await WebDataset.open(shards.shards),
      await LmdbDataset.open(database.path),
    ];
    for (const index of [0, 22]) {
      const { bytes } = await from.getRaw(index);
      const { members } = await inShards.getRaw(index);
      expect([...members.values()].some((member) => Buffer.compare(member, bytes) === 0)).toBe(true);
      expect(Buffer.compare((await inDatabase.getRaw(index)).bytes, bytes)).toBe(0);
      expect((await inShards.get(index)).label).toBe((await from.get(index)).label);
      expect((await inDatabase.get(index)).label).toBe((await from.get(index)).label);
    }
    for (const each of [opened, from, inShards, inDatabase]) await each.close();
  });

  it('opens folders of volumes, and refuses them where images are asked for', async () => {
    await put('x', '');
    await copyFile(join(arrays, 'i2-little.nii'), join(folder, 'v.nii'));
    expect(await summary(folder)).toEqual(['volume-folder', 1, [], undefined]);
    await expect(openSource(folder, { content: 'images' })).rejects.toThrow(/holds volumes, and images are asked for/);
  });

  it('refuses what looks like nothing or like two things, and says what is understood', async () => {
    const kinds: SourceKind[] = [
      'image-folder',
      'image-list',
      'manifest',
      'webdataset',
      'lmdb',
      'parquet',
      'idx',
      'cifar',
      'numpy',
      'volume-folder',
    ];
    const understood = new RegExp(kinds.map((kind) => `${kind} \\(`).join('.*'));
    await expect(openSource(folder)).rejects.toThrow(/: holds no files; understood are /);
    await put('notes.txt', 'text');
    await expect(openSource(folder)).rejects.toThrow(understood);
    await expect(openSource(folder)).rejects.toThrow(/holds nothing that is understood, but \.txt;/);
    await expect(openSource(join(folder, 'notes.txt'))).rejects.toThrow(/notes\.txt: is no file that is understood/);
    await expect(openSource(join(folder, '{a,b}.zip'))).rejects.toThrow(/is no pattern that is understood/);
    await expect(openSource('https://localhost/x.zip')).rejects.toThrow(/is no url that is understood/);
    await put('1.png', png);
    await put('x.tar', '');
    await expect(openSource(folder)).rejects.toThrow(/looks like image-folder and like webdataset; say which by kind/);
    expect(await summary(folder, { kind: 'image-folder' })).toEqual(['image-folder', 1, [], undefined]);
  });

  it('refuses what is not there, and schemes and kinds that are none', async () => {
    await expect(openSource(join(folder, 'none'))).rejects.toThrow(/none: no such file or folder; check the path/);
    await expect(openSource('s3://bucket/photos')).rejects.toThrow(InvalidOptionError);
    await expect(openSource('pipe:cat x.tar')).rejects.toThrow(InvalidOptionError);
    await expect(openSource(folder, { kind: 'lmbd' as SourceKind })).rejects.toThrow(
      /kind must be one of image-folder, .*, got 'lmbd'/,
    );
  });
});
