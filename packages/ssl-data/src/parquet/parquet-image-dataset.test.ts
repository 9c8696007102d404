import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataLoader, ParquetImageDataset, shardSampler, subset } from '../index.js';

const goldens = join(import.meta.dirname, '../../../../test/golden/data');
const golden = JSON.parse(readFileSync(join(goldens, 'parquet.json'), 'utf8')) as {
  classes: string[];
  labels: number[];
  pixels: string[];
  sha256: string[];
  files: Record<string, { groups: number[]; encodings: Record<string, string[]> }>;
};
const file = (name: string): string => join(goldens, 'parquet', `${name}.parquet`);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parquet-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function hashesOf(dataset: ParquetImageDataset): Promise<string[]> {
  const hashes = [];
  for (let index = 0; index < dataset.length; index++) hashes.push(sha256((await dataset.getRaw(index)).bytes));
  return hashes;
}

describe('files of pyarrow', () => {
  it.each([
    'hub-none',
    'hub-snappy',
    'hub-zstd',
    'hub-gzip',
    'hub-brotli',
    'hub-lz4',
    'pages-v2',
    'small-pages',
    'required',
    'delta',
  ])('reads bytes and classes of %s', async (name) => {
    const dataset = await ParquetImageDataset.open(file(name));
    expect(dataset.length).toBe(23);
    expect([...dataset.shardLengths]).toEqual(golden.files[name]!.groups);
    expect(await hashesOf(dataset)).toEqual(golden.sha256);
    expect([...(await dataset.loadLabels())]).toEqual(golden.labels);
    expect(dataset.classes).toEqual(name === 'required' ? [] : golden.classes);
    await dataset.close();
  });

  it('decodes the pixels that were written, with the class of the row', async () => {
    const dataset = await ParquetImageDataset.open(file('hub-snappy'));
    expect(dataset.labels).toBeUndefined();
    for (const index of [22, 0, 9, 10, 19, 20]) {
      const { image, label } = await dataset.get(index);
      expect(image.shape).toEqual([5, 7, 3]);
      expect(Buffer.from(image.data).toString('base64')).toBe(golden.pixels[index]);
      expect(label).toBe(golden.labels[index]);
    }
    await dataset.close();
  });

  it('follows a dictionary of images', async () => {
    expect(golden.files['repeated']!.encodings['image']).toContain('RLE_DICTIONARY');
    const dataset = await ParquetImageDataset.open(file('repeated'));
    expect(await hashesOf(dataset)).toEqual(golden.labels.map((_, index) => golden.sha256[index % 2]));
    expect(dataset.classes).toEqual([]);
    await dataset.close();
  });

  it('takes a column of bytes by name or as the only one', async () => {
    const named = await ParquetImageDataset.open(file('binary'), { image: 'photo', label: 'kind', loadLabels: true });
    expect([...named.labels!]).toEqual(golden.labels);
    expect(await hashesOf(named)).toEqual(golden.sha256);
    await named.close();
    const alone = await ParquetImageDataset.open(file('binary'));
    expect(alone.labels).toBeUndefined();
    expect(await alone.get(3)).toEqual({ image: (await named.get(3)).image });
    await expect(alone.loadLabels()).rejects.toThrow(/pass label/);
    await named.close();
    await alone.close();
  });

  it('joins the files of a folder, or a list of them', async () => {
    for (const [to, from] of [
      ['b.parquet', 'hub-zstd'],
      ['a.parquet', 'required'],
      ['notes.txt', 'hub-zstd'],
    ] as const)
      await copyFile(file(from), join(folder, to));
    const whole = await ParquetImageDataset.open(folder, { loadLabels: true });
    expect([...whole.shardLengths]).toEqual([23, 10, 10, 3]);
    expect([...whole.labels!]).toEqual([...golden.labels, ...golden.labels]);
    expect(await hashesOf(whole)).toEqual([...golden.sha256, ...golden.sha256]);
    await whole.close();
    const listed = await ParquetImageDataset.open([join(folder, 'b.parquet')]);
    expect([...listed.shardLengths]).toEqual([10, 10, 3]);
    await listed.close();
  });

  it('gives the same batches in workers and with a cache of one row group', async () => {
    const resize = { width: 8, height: 8, fit: 'stretch' } as const;
    const runs = [];
    for (const [workers, cacheBytes] of [
      [0, 2 ** 28],
      [0, 1],
      [2, 1],
    ] as const) {
      const dataset = await ParquetImageDataset.open(file('hub-zstd'), { resize, cacheBytes });
      const part = subset(dataset, [22, 0, 12, 5, 21, 11, 1, 13]);
      const loader = new DataLoader({ dataset: part, batchSize: 4, seed: 3, workers });
      const seen: unknown[] = [];
      for await (const { images, labels, index } of loader.epoch(0))
        seen.push([sha256(images.data as Uint8Array), [...labels!.data], [...index.data]]);
      expect(loader.inProcessReason).toBeUndefined();
      await loader.close();
      await dataset.close();
      runs.push(seen);
    }
    expect(runs[0]).toHaveLength(2);
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  it('goes through the row groups by shardSampler', async () => {
    const dataset = await ParquetImageDataset.open(file('hub-none'));
    const order = [...shardSampler(dataset, { seed: 2 }).indices(0)];
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, index) => index));
    await dataset.close();
  });
});

describe('what is refused', () => {
  it.each([
    ['paths', /column 'image' holds no image bytes.*embed_external_files/],
    ['path-structs', /column 'image' holds no image bytes/],
    ['lists', /column 'image' holds no image bytes/],
    ['empty', /holds no rows/],
  ])('%s', async (name, message) => {
    const error: unknown = await ParquetImageDataset.open(file(name)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ path: file(name), message: expect.stringMatching(message) });
  });

  it('rows without bytes or without a class, and no others', async () => {
    const dataset = await ParquetImageDataset.open(file('holes'));
    expect(await dataset.get(0)).toMatchObject({ label: 0 });
    await expect(dataset.get(1)).rejects.toThrow(/sample 1 \(row 1 of row group 0\) has no image bytes/);
    await expect(dataset.get(2)).rejects.toThrow(/has no image bytes/);
    expect(await dataset.get(3)).toMatchObject({ label: 2 });
    await expect(dataset.loadLabels()).rejects.toThrow(/row 1 of row group 0 has no class/);
    await dataset.close();
  });

  it('columns that are not there, and options that are none', async () => {
    const open = (options: object): Promise<ParquetImageDataset> => ParquetImageDataset.open(file('hub-none'), options);
    await expect(open({ image: 'picture' })).rejects.toThrow(/no column 'picture'; pass image: one of image$/);
    await expect(open({ image: 'label' })).rejects.toThrow(/holds no image bytes/);
    await expect(open({ label: 'extra' })).rejects.toThrow(
      /column 'extra' is a list or record, neither integers nor text; pass label: one of label, or 'none'/,
    );
    await expect(open({ label: 'image' })).rejects.toThrow(DataError);
    await expect(open({ maxRows: 22 })).rejects.toThrow(/23 rows in all, more than maxRows \(22\)/);
    await expect(open({ maxRowGroupBytes: 1000 })).rejects.toThrow(/more than maxRowGroupBytes \(1000\)/);
    for (const options of [{ maxRows: 0 }, { cacheBytes: 1.5 }, { maxRowGroupBytes: -1 }])
      await expect(open(options)).rejects.toThrow(InvalidOptionError);
    await expect(ParquetImageDataset.open([])).rejects.toThrow(InvalidOptionError);
    await expect(ParquetImageDataset.open([file('hub-none'), file('binary')])).rejects.toThrow(/lacks a column/);
    await expect(ParquetImageDataset.open(folder)).rejects.toThrow(/no \.parquet files/);
    await expect(ParquetImageDataset.open(join(folder, 'none'))).rejects.toThrow(/no such file/);
  });

  it('files that are cut, foreign, or make false claims', async () => {
    const copy = join(folder, 'copy.parquet');
    const bytes = readFileSync(file('hub-none'));
    const open = async (change: (bytes: Buffer) => Uint8Array | void): Promise<ParquetImageDataset> => {
      const changed = Buffer.from(bytes);
      await writeFile(copy, change(changed) ?? changed);
      return ParquetImageDataset.open(copy);
    };
    await expect(open(() => bytes.subarray(0, 5000))).rejects.toThrow(/does not end in PAR1/);
    await expect(open(() => bytes.subarray(0, 5))).rejects.toThrow(/too short/);
    await expect(open((all) => void all.write('PARE', all.length - 4))).rejects.toThrow(/is encrypted/);
    await expect(open((all) => void all.writeUInt32LE(2 ** 31, all.length - 8))).rejects.toThrow(/claims a footer/);
    await expect(open((all) => void all.fill(0x19, all.length - 200, all.length - 8))).rejects.toThrow(DataError);
    const dataset = await open(() => bytes);
    await truncate(copy, 4000);
    await expect(dataset.get(0)).rejects.toThrow(/has 4000 bytes, had/);
    await dataset.close();
  });
});
