import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Dataset,
  ImageArrayDataset,
  ImageFolderDataset,
  type ImageSample,
  LmdbDataset,
  packLmdb,
  packWebDataset,
  subset,
  WebDataset,
} from '../index.js';
import { FilePool } from '../webdataset/file-pool.js';
import { indexLmdb } from './index-lmdb.js';
import { LmdbWriter } from './lmdb-writer.js';
import { readRecord } from './read-record.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lmdb-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A folder of photos: two classes, one file each in JPEG, PNG and WebP. */
async function photos(): Promise<ImageFolderDataset> {
  for (const [at, kind] of ['bee', 'ant'].entries()) {
    await mkdir(join(folder, 'photos', kind), { recursive: true });
    for (const [number, extension] of ['jpg', 'png', 'webp'].entries()) {
      const image = sharp({
        create: { width: 70, height: 50, channels: 3, background: { r: 90 * at, g: 80 * number, b: 7 } },
      });
      await writeFile(
        join(folder, 'photos', kind, `${number}.${extension}`),
        await image.toFormat(extension as 'png').toBuffer(),
      );
    }
  }
  return ImageFolderDataset.open(join(folder, 'photos'));
}

async function rawOf(dataset: LmdbDataset): Promise<{ key: string; bytes: Buffer; label: number | undefined }[]> {
  const all = [];
  for (let index = 0; index < dataset.length; index++) {
    const { key, bytes } = await dataset.getRaw(index);
    all.push({ key, bytes: Buffer.from(bytes), label: dataset.labels?.[index] });
  }
  await dataset.close();
  return all;
}

describe('packLmdb', () => {
  it('copies image files byte for byte, by their paths, with classes', async () => {
    const dataset = await photos();
    const seen: unknown[] = [];
    const path = join(folder, 'out', 'packed');
    const written = await packLmdb(dataset, path, {
      onProgress: ({ samples, total }) => seen.push([samples, total]),
    });
    expect(written).toEqual({ path: join(path, 'data.mdb'), samples: 6, bytes: (await readFile(written.path)).length });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((done) => [done, 6]));
    expect(await readdir(path)).toEqual(['data.mdb']);
    const packed = await LmdbDataset.open(path);
    expect(packed.classes).toEqual(['ant', 'bee']);
    const expected = [];
    for (const [label, kind] of ['ant', 'bee'].entries())
      for (const name of ['0.jpg', '1.png', '2.webp'])
        expected.push({ key: `${kind}/${name}`, bytes: readFileSync(join(folder, 'photos', kind, name)), label });
    expect(await rawOf(packed)).toEqual(expected);
    // The folders say the same, for readers that know no __labels__.
    const byFolder = await LmdbDataset.open(path, { labels: 'folders' });
    expect(byFolder.labels).toEqual(Int32Array.of(0, 0, 0, 1, 1, 1));
    await byFolder.close();
  });

  it('keeps the order of a subset, and copies out of WebDataset and LMDB', async () => {
    const dataset = await photos();
    const indices = [4, 0, 3];
    const expected = indices.map((index) => ({
      key: ['ant/0.jpg', 'ant/1.png', 'ant/2.webp', 'bee/0.jpg', 'bee/1.png', 'bee/2.webp'][index]!,
      bytes: readFileSync(dataset.path(index)),
      label: index < 3 ? 0 : 1,
    }));
    await packLmdb(subset(dataset, indices), join(folder, 'a'));
    expect(await rawOf(await LmdbDataset.open(join(folder, 'a')))).toEqual(expected);

    const numbered = expected.map((sample, index) => ({ ...sample, key: `00000${index}` }));
    await packLmdb(subset(dataset, indices), join(folder, 'b.mdb'), { keys: 'numbers', subdir: false });
    expect(await rawOf(await LmdbDataset.open(join(folder, 'b.mdb')))).toEqual(numbered);

    const source = await LmdbDataset.open(join(folder, 'a'));
    await packLmdb(source, join(folder, 'c'));
    await source.close();
    expect(await rawOf(await LmdbDataset.open(join(folder, 'c')))).toEqual(numbered);

    const { shards } = await packWebDataset(dataset, join(folder, 'shards'));
    const web = await WebDataset.open(shards);
    await packLmdb(subset(web, indices), join(folder, 'd'));
    await web.close();
    expect(await rawOf(await LmdbDataset.open(join(folder, 'd')))).toEqual(numbered);
  });

  it('encodes arrays without loss, the same bytes each time', async () => {
    const data = Uint8Array.from({ length: 5 * 6 * 4 * 3 }, (_, index) => (index * 37) % 256);
    const dataset = new ImageArrayDataset({ data, shape: [5, 6, 4, 3] }, [2, 0, 1, 1, 2]);
    const hashes = [];
    for (const name of ['a', 'b']) {
      const { path } = await packLmdb(dataset, join(folder, name));
      hashes.push(
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      );
    }
    expect(hashes[0]).toBe(hashes[1]);
    const packed = await LmdbDataset.open(join(folder, 'a'));
    for (let index = 0; index < 5; index++) expect(await packed.get(index)).toEqual(dataset.get(index));
    await packed.close();
  });

  it('replaces a database only when asked to, and leaves the old one when it fails', async () => {
    const dataset = await photos();
    const path = join(folder, 'packed');
    await packLmdb(dataset, path);
    await expect(packLmdb(dataset, path)).rejects.toThrow(/overwrite: true/);
    const broken: Dataset<ImageSample> = {
      length: 3,
      get: (index) => {
        if (index === 2) throw new DataError('sample 2 is broken');
        return dataset.get(index);
      },
    };
    await expect(packLmdb(broken, path, { overwrite: true })).rejects.toThrow('sample 2 is broken');
    await expect(packLmdb(broken, join(folder, 'other'))).rejects.toThrow('sample 2 is broken');
    expect((await readdir(folder)).sort()).toEqual(['packed', 'photos']);
    expect(await readdir(path)).toEqual(['data.mdb']);
    await packLmdb(subset(dataset, [1]), path, { overwrite: true });
    const packed = await LmdbDataset.open(path);
    expect(packed.length).toBe(1);
    await packed.close();
  });

  it('replaces no database of another program, nor one that was added to', async () => {
    const dataset = await photos();
    const goldens = new URL('../../../../test/golden/data/lmdb/', import.meta.url);
    for (const name of await readdir(goldens)) {
      const path = join(folder, name);
      await copyFile(new URL(name, goldens), path);
      const before = await readFile(path);
      await expect(packLmdb(dataset, path, { subdir: false, overwrite: true })).rejects.toThrow(
        /is no database that ssl-data wrote, or was changed since, and is not replaced; move it away/,
      );
      expect(await readFile(path)).toEqual(before);
    }
    const path = join(folder, 'own.mdb');
    await packLmdb(dataset, path, { subdir: false });
    const bytes = await readFile(path);
    bytes[bytes.lastIndexOf('ant/1.png')] = 0x62;
    await writeFile(path, bytes);
    await expect(packLmdb(dataset, path, { subdir: false, overwrite: true })).rejects.toThrow(/was changed since/);
    await rename(path, join(folder, 'away.mdb'));
    await packLmdb(dataset, path, { subdir: false, overwrite: true });
    await packLmdb(subset(dataset, [0]), path, { subdir: false, overwrite: true });
  });

  it('writes over no file that came while it packed', async () => {
    const dataset = await photos();
    const path = join(folder, 'late.mdb');
    let done = false;
    const onProgress = (): void => {
      if (!done) writeFileSync(path, 'mine');
      done = true;
    };
    await expect(packLmdb(dataset, path, { subdir: false, onProgress })).rejects.toThrow(/is there already/);
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it('refuses what cannot be stored', async () => {
    const dataset = await photos();
    const half: Dataset<ImageSample> = {
      length: 2,
      get: async (index) => ({ image: (await dataset.get(0)).image, ...(index === 1 ? { label: 1 } : {}) }),
    };
    await expect(packLmdb(half, join(folder, 'x'))).rejects.toThrow(/sample 1 has a class, but others have none/);
    await expect(packLmdb(subset(dataset, [1, 1]), join(folder, 'x'))).rejects.toThrow(/'ant\/1.png' is there twice/);
    await expect(packLmdb(half, join(folder, 'x'), { keys: 'paths' })).rejects.toThrow(InvalidOptionError);
    for (const encode of [{ format: 'bmp' as 'png' }, { format: 'jpeg' as const, quality: 0 }])
      await expect(packLmdb(half, join(folder, 'x'), { encode })).rejects.toThrow(InvalidOptionError);
  });
});

describe('LmdbWriter', () => {
  it('is read back whatever the sizes of keys and values', async () => {
    const sizes = fc.constantFrom(0, 1, 2, 3, 500, 1000, 1500, 1519, 1520, 1521, 2020, 2030, 4079, 4080, 4081, 9000);
    const record = fc.record({ keyBytes: fc.constantFrom(4, 5, 30, 255, 510, 511), size: sizes });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 60 }), async (records) => {
        const path = join(folder, 'property.mdb');
        await rm(path, { force: true });
        const writer = await LmdbWriter.create(path);
        const expected = records.map(({ keyBytes, size }, index) => {
          const key = Buffer.alloc(keyBytes, 'k');
          key.writeUInt32BE(index + 1);
          return { key, value: Buffer.alloc(size, index + 1) };
        });
        for (const { key, value } of expected) await writer.add(key, value);
        await writer.finish();
        const files = new FilePool();
        const all = await indexLmdb(path, files, 100);
        expect(all.fileBytes).toBe(writer.bytes);
        expect(all.sizes.length).toBe(expected.length);
        for (const [index, { key, value }] of expected.entries()) {
          const start = all.keys.offsets[index]!;
          expect(Buffer.compare(all.keys.bytes.slice(start, start + all.keys.lengths[index]!), key)).toBe(0);
          expect(Buffer.compare(await readRecord(all, index, 'x', files, 1e4), value)).toBe(0);
        }
        await files.close();
      }),
      { seed: 6, numRuns: 60 },
    );
  });

  it('builds branches of branches', async () => {
    const path = join(folder, 'deep.mdb');
    const writer = await LmdbWriter.create(path);
    // Two records to a leaf, seven leaves to a branch: four levels.
    const count = 2 * 7 ** 3;
    for (let index = 0; index < count; index++) {
      const key = Buffer.alloc(511, 'k');
      key.writeUInt32BE(index);
      await writer.add(key, Buffer.alloc(1500, index % 251));
    }
    await writer.finish();
    expect(readFileSync(path).readUInt16LE(4096 + 16 + 78)).toBe(4);
    const files = new FilePool();
    const all = await indexLmdb(path, files, count);
    expect(all.sizes.length).toBe(count);
    for (const index of [0, 1, 13, 14, 15, 97, 98, 99, count - 1])
      expect((await readRecord(all, index, 'x', files, 1e4))[0]).toBe(index % 251);
    await files.close();
  });

  it('refuses keys that LMDB would not find', async () => {
    const writer = await LmdbWriter.create(join(folder, 'keys.mdb'));
    await writer.add(Buffer.from('b'), Buffer.alloc(1));
    for (const key of ['', 'a', 'b', 'x'.repeat(512)])
      await expect(writer.add(Buffer.from(key), Buffer.alloc(1))).rejects.toThrow(DataError);
    await writer.abort();
  });
});
