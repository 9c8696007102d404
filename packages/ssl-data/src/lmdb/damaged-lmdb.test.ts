import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { LmdbDataset } from './lmdb-dataset.js';
import { LmdbWriter } from './lmdb-writer.js';
import { packLmdb } from './pack-lmdb.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'damaged-lmdb-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function packed(keys: 'paths' | 'numbers'): Promise<Buffer> {
  for (const name of ['ant', 'bee', 'cat']) {
    await mkdir(join(folder, 'photos', name), { recursive: true });
    for (let index = 0; index < 4; index++)
      await writeFile(join(folder, 'photos', name, `${index}.gif`), `GIF89a${index}`);
  }
  const photos = await ImageFolderDataset.open(join(folder, 'photos'));
  const { path } = await packLmdb(photos, join(folder, 'whole.mdb'), { keys, subdir: false });
  return readFile(path);
}

async function described(bytes: Uint8Array): Promise<unknown> {
  const path = join(folder, 'damaged.mdb');
  await writeFile(path, bytes);
  try {
    const dataset = await LmdbDataset.open(path);
    await dataset.close();
    const keys = Array.from({ length: dataset.length }, (_, index) => dataset.key(index));
    return { keys, labels: [...(dataset.labels ?? [])], classes: dataset.classes };
  } catch (error) {
    if (DataError.isInstance(error)) return undefined;
    throw error;
  }
}

describe.each(['paths', 'numbers'] as const)('a database with %s as keys', (keys) => {
  it('that has a bit turned gives no other order, class or name', async () => {
    const whole = await packed(keys);
    const expected = await described(whole);
    expect(expected).toMatchObject({ classes: ['ant', 'bee', 'cat'], labels: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2] });
    let refused = 0;
    for (let bit = 3; bit < whole.length * 8; bit += 163) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const found = await described(bytes);
      if (found === undefined) refused++;
      expect(found ?? expected, `bit ${bit}`).toEqual(expected);
    }
    expect(refused).toBeGreaterThan(5);
  }, 60_000);
});

it('refuses two records with one value, and a changed record about the data', async () => {
  const path = join(folder, 'large.mdb');
  const writer = await LmdbWriter.create(path);
  for (const key of ['a', 'b']) await writer.add(Buffer.from(key), Buffer.alloc(5000, `GIF89a${key}`));
  await writer.finish();
  const bytes = await readFile(path);
  // Node of b: head of eight bytes, key, and the number of its first page.
  const leaf = bytes.length - 4096;
  const [a, b] = [0, 1].map((node) => leaf + bytes.readUInt16LE(leaf + 16 + 2 * node));
  bytes.copy(bytes, b! + 9, a! + 9, a! + 17);
  await writeFile(path, bytes);
  await expect(LmdbDataset.open(path)).rejects.toThrow(/has two records with one value/);
  const whole = await packed('paths');
  whole.write('[1,0', whole.indexOf('[0,0'));
  expect(await described(whole)).toBeUndefined();
});
