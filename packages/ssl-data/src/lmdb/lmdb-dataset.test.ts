import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataLoader, LmdbDataset, subset } from '../index.js';
import type { LmdbSource } from './lmdb-dataset.js';

const goldens = join(import.meta.dirname, '../../../../test/golden/data');
const golden = JSON.parse(readFileSync(join(goldens, 'lmdb.json'), 'utf8')) as {
  labels: number[];
  databases: Record<
    string,
    {
      depth: number;
      records: [key: string, size: number, sha256: string][];
      pixels: Record<string, [height: number, width: number, base64: string]>;
    }
  >;
};
const file = (name: string): string => join(goldens, 'lmdb', `${name}.mdb`);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lmdb-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Opens a copy of a golden after a change of its bytes. */
async function openChanged(name: string, change: (bytes: Buffer) => unknown): Promise<LmdbDataset> {
  const bytes = readFileSync(file(name));
  change(bytes);
  await writeFile(join(folder, 'changed.mdb'), bytes);
  return LmdbDataset.open(join(folder, 'changed.mdb'));
}

describe('databases of Python', () => {
  it.each(['numbers', 'folders', 'prefixes'])('reads every record of %s', async (name) => {
    const { records } = golden.databases[name]!;
    const dataset = await LmdbDataset.open(file(name), { labels: 'none', keyPrefix: '' });
    const found = new Map<string, [number, string]>();
    for (let index = 0; index < dataset.length; index++) {
      const { key, bytes } = await dataset.getRaw(index);
      found.set(Buffer.from(key).toString('hex'), [bytes.length, sha256(bytes)]);
    }
    await dataset.close();
    const samples = records.filter(([key]) => !Buffer.from(key, 'hex').toString().startsWith('__'));
    expect(samples.length).toBeGreaterThan(5);
    expect(found).toEqual(new Map(samples.map(([key, size, hash]) => [key, [size, hash]])));
  });

  it('orders numbers by value, with the pixels and classes that were written', async () => {
    const dataset = await LmdbDataset.open(file('numbers'));
    expect(dataset).toMatchObject({ length: 12, classes: ['ant', 'bee', 'cat'] });
    expect([...dataset.labels!]).toEqual(golden.labels);
    for (let index = 0; index < 12; index++) {
      expect(dataset.key(index)).toBe(String(index));
      const { image, label } = await dataset.get(index);
      const [height, width, pixels] = golden.databases['numbers']!.pixels[index]!;
      expect(image.shape).toEqual([height, width, 3]);
      expect(Buffer.from(image.data).toString('base64')).toBe(pixels);
      expect(label).toBe(golden.labels[index]);
    }
    await dataset.close();
  });

  it('takes the folder above the file for the class', async () => {
    const dataset = await LmdbDataset.open(file('folders'));
    expect(golden.databases['folders']!.depth).toBe(2);
    expect(dataset.classes).toEqual(['auk', 'emu', 'gnu']);
    expect(dataset.length).toBe(91);
    expect([...dataset.labels!]).toEqual(
      Array.from({ length: 91 }, (_, index) => dataset.classes.indexOf(dataset.key(index).split('/')[1]!)),
    );
    // A record without a value, as it was written.
    expect(dataset.key(0)).toBe('train/auk/empty.png');
    await expect(dataset.get(0)).rejects.toThrow(DataError);
    expect((await dataset.get(1)).image.shape).toEqual([2, 3, 3]);
    await dataset.close();
  });

  it('takes the keys with a prefix only', async () => {
    const dataset = await LmdbDataset.open(file('prefixes'), { keyPrefix: 'image-' });
    expect(dataset.length).toBe(3);
    expect(dataset.key(2)).toBe('image-000000003');
    expect((await dataset.get(2)).image.shape).toEqual([4, 6, 3]);
    expect(dataset.labels).toBeUndefined();
    await expect(LmdbDataset.open(file('prefixes'), { keyPrefix: 'img' })).rejects.toThrow(/begin with 'img'/);
    await expect(LmdbDataset.open(file('prefixes'), { keyPrefix: 'image-', labels: 'folders' })).rejects.toThrow(
      /has no folder/,
    );
    await dataset.close();
  });

  it('names the prefix of the images where other records are none, and the advice works', async () => {
    const error: unknown = await LmdbDataset.open(file('prefixes')).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    const advised = /holds records that are no images: 3 'label-\.\.\.'; pass keyPrefix: '([^']*)'/.exec(
      error.message,
    )?.[1];
    const dataset = await LmdbDataset.open(file('prefixes'), { keyPrefix: advised! });
    expect([dataset.length, dataset.key(0)]).toEqual([3, 'image-000000001']);
    expect(dataset.leftOut).toEqual([
      {
        kind: 'records without the prefix',
        count: 4,
        names: ['label-000000001', 'label-000000002', 'label-000000003', 'num-samples'],
      },
    ]);
    await dataset.close();
  });

  it('opens a folder with data.mdb', async () => {
    await mkdir(join(folder, 'train'));
    await copyFile(file('numbers'), join(folder, 'train', 'data.mdb'));
    const dataset = await LmdbDataset.open(join(folder, 'train'));
    expect(dataset.length).toBe(12);
    await dataset.close();
  });

  it('gives the same batches in workers', async () => {
    const dataset = await LmdbDataset.open(file('numbers'), { resize: { width: 8, height: 8, fit: 'stretch' } });
    const batches = await Promise.all(
      [0, 2].map(async (workers) => {
        const part = subset(dataset, [11, 3, 5, 0, 10, 7]);
        const loader = new DataLoader({ dataset: part, batchSize: 2, seed: 1, workers });
        const seen: unknown[] = [];
        for await (const { images, labels, index } of loader.epoch(0))
          seen.push([sha256(images.data as Uint8Array), [...labels!.data], [...index.data]]);
        const reason = loader.inProcessReason;
        await loader.close();
        return { seen, reason };
      }),
    );
    expect(batches[1]!.reason).toBeUndefined();
    expect(batches[0]!.seen).toHaveLength(3);
    expect(batches[1]!.seen).toEqual(batches[0]!.seen);
    await dataset.close();
  });
});

describe('what is refused', () => {
  it.each([
    ['pickled', /'__keys__' is a Python pickle \(protocol 4\).*txn\.put/],
    ['pickled-values', /'0' is a Python pickle/],
    ['named', /'images' is a database of its own/],
    ['empty', /holds no samples/],
  ])('%s', async (name, message) => {
    const error: unknown = await LmdbDataset.open(file(name)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ path: file(name), message: expect.stringMatching(message) });
  });

  it.each<[string, (bytes: Buffer) => unknown, RegExp]>([
    ['no magic', (bytes) => bytes.writeUInt32LE(0, 16), /no LMDB database/],
    ['another version', (bytes) => bytes.writeUInt32LE(2, 20), /another data version/],
    ['pages of 3000 bytes', (bytes) => bytes.writeUInt32LE(3000, 40), /pages of 3000 bytes/],
    ['integer keys', (bytes) => bytes.writeUInt16LE(8, 4096 + 16 + 76), /flags 0x8/],
    ['too many records', (bytes) => bytes.writeUInt32LE(2 ** 31, 4096 + 16 + 104), /more than 36864 bytes can hold/],
    ['a record too few', (bytes) => bytes.writeUInt32LE(16, 4096 + 16 + 104), /has 15 records, but says 16/],
    ['a record too many', (bytes) => bytes.writeUInt32LE(14, 4096 + 16 + 104), /more records than it says/],
    ['a root beyond the end', (bytes) => bytes.writeUInt32LE(99, 4096 + 16 + 112), /page 99/],
    ['a root that is a meta page', (bytes) => bytes.writeUInt32LE(1, 4096 + 16 + 112), /page 1, which/],
    ['a depth that is not so', (bytes) => bytes.writeUInt16LE(2, 4096 + 16 + 78), /has no branch in page/],
  ])('%s', async (_, change, message) => {
    const error: unknown = await openChanged('numbers', change).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(message);
  });

  it('a tree that comes back to a page of its own', async () => {
    const { root, children } = branchOf('folders');
    expect(children.length).toBeGreaterThan(3);
    await expect(
      openChanged('folders', (bytes) => bytes.copy(bytes, children[1]!, children[0]!, children[0]! + 6)),
    ).rejects.toThrow(/keys out of order/);
    await expect(openChanged('folders', (bytes) => bytes.writeUIntLE(root, children[1]!, 6))).rejects.toThrow(
      /has no leaf in page/,
    );
  });

  it('a file that is cut, missing, or has changed since', async () => {
    const copy = join(folder, 'copy.mdb');
    await copyFile(file('numbers'), copy);
    const dataset = await LmdbDataset.open(copy);
    await truncate(copy, 5000);
    await expect(dataset.getRaw(3)).rejects.toThrow(/has 5000 bytes, had 36864/);
    await expect(LmdbDataset.open(copy)).rejects.toThrow(DataError);
    await truncate(copy, 100);
    await expect(LmdbDataset.open(copy)).rejects.toThrow(/cut short/);
    await expect(LmdbDataset.open(folder)).rejects.toThrow(/data\.mdb: no such file/);
    await expect(LmdbDataset.open(join(folder, 'none'))).rejects.toThrow(/no such file/);
    await dataset.close();
  });

  it('an overflow page that another commit has taken', async () => {
    const dataset = await openChanged('numbers', () => {});
    const { records } = dataset.source.options as LmdbSource;
    const page = records.offsets[0]!;
    expect(page % 4096).toBe(0);
    const bytes = readFileSync(join(folder, 'changed.mdb'));
    bytes.writeUInt16LE(2, page + 10);
    await writeFile(join(folder, 'changed.mdb'), bytes);
    await expect(dataset.getRaw(0)).rejects.toMatchObject({
      offset: page,
      message: expect.stringMatching(/'0' is not/),
    });
    await dataset.close();
  });

  it('values and counts beyond the limits, and options that are none', async () => {
    const dataset = await LmdbDataset.open(file('numbers'), { maxSampleBytes: 1000 });
    await expect(dataset.get(0)).rejects.toThrow(/'0' has 4598 bytes, more than maxSampleBytes \(1000\)/);
    expect((await dataset.get(1)).image.shape).toEqual([6, 8, 3]);
    expect(() => dataset.key(12)).toThrow(InvalidOptionError);
    await dataset.close();
    await expect(LmdbDataset.open(file('numbers'), { maxEntries: 14 })).rejects.toThrow(/15 records/);
    for (const options of [{ maxEntries: 0 }, { maxSampleBytes: 0.5 }, { labels: 'files' as 'none' }])
      await expect(LmdbDataset.open(file('numbers'), options)).rejects.toThrow(InvalidOptionError);
  });
});

/** The root of a tree of two levels and the places of its children's numbers. */
function branchOf(name: string): { root: number; children: number[] } {
  const bytes = readFileSync(file(name));
  const newest = bytes.readUInt32LE(16 + 128) > bytes.readUInt32LE(4096 + 16 + 128) ? 0 : 4096;
  const root = bytes.readUInt32LE(newest + 16 + 112);
  const count = (bytes.readUInt16LE(root * 4096 + 12) - 16) / 2;
  const children = Array.from(
    { length: count },
    (_, index) => root * 4096 + bytes.readUInt16LE(root * 4096 + 16 + 2 * index),
  );
  return { root, children };
}
