import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from 'ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LmdbDataset } from './lmdb-dataset.js';
import { LmdbWriter } from './lmdb-writer.js';

let folder: string;
let opened = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lmdb-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function open(records: Record<string, string>, labels?: 'folders'): Promise<LmdbDataset> {
  const path = join(folder, `${opened++}.mdb`);
  const writer = await LmdbWriter.create(path);
  for (const key of Object.keys(records).sort()) await writer.add(Buffer.from(key), Buffer.from(records[key]!));
  await writer.finish();
  return LmdbDataset.open(path, labels === undefined ? {} : { labels });
}

const keysOf = (dataset: LmdbDataset): string[] =>
  Array.from({ length: dataset.length }, (_, index) => dataset.key(index));

describe('order', () => {
  it('is that of the bytes, of numbers by value, and of __keys__ where it is', async () => {
    expect(keysOf(await open({ b: '', a10: '', a9: '' }))).toEqual(['a10', 'a9', 'b']);
    expect(keysOf(await open({ '10': '', '9': '', '00000': '' }))).toEqual(['00000', '9', '10']);
    expect(keysOf(await open({ a: '', b: '', c: '', __keys__: '["c","a"]', __len__: '2', __note__: '?' }))).toEqual([
      'c',
      'a',
    ]);
  });

  it.each([
    ['no record', '["a","x"]', /lists 'x'/],
    ['a record twice', '["a","a"]', /lists 'a'/],
    ['metadata', '["__keys__"]', /lists '__keys__'/],
    ['no strings', '[1]', /not an array of strings/],
    ['no JSON', 'a,b', /'__keys__' is no JSON/],
    ['nothing', '[]', /holds no samples/],
  ])('refuses __keys__ with %s', async (_, keys, message) => {
    const opening = open({ a: '', __keys__: keys });
    await expect(opening).rejects.toThrow(DataError);
    await expect(opening).rejects.toThrow(message);
  });
});

describe('classes', () => {
  it('are those of __labels__, or of folders when asked for', async () => {
    const records = { 'x/a': '', 'y/b': '', __labels__: '[7,5]' };
    expect(await open(records)).toMatchObject({ labels: Int32Array.of(7, 5), classes: [] });
    expect(await open(records, 'folders')).toMatchObject({ labels: Int32Array.of(0, 1), classes: ['x', 'y'] });
    // One loose file, and folders are no classes.
    expect((await open({ 'x/a': '', b: '' })).labels).toBeUndefined();
  });

  it.each([
    ['too few', { __labels__: '[1]' }, /has 1 classes for 2 samples/],
    ['fractions', { __labels__: '[1,0.5]' }, /not an array of integers/],
    ['negative numbers', { __labels__: '[1,-1]' }, /not an array of integers/],
    ['numbers beyond the names', { __labels__: '[0,1]', __classes__: '["x"]' }, /beyond the 1 names/],
    ['a wrong count of samples', { __len__: '3' }, /'__len__' is 3, but there are 2/],
  ])('refuses %s', async (_, metadata, message) => {
    await expect(open({ a: '', b: '', ...(metadata as Record<string, string>) })).rejects.toThrow(message);
  });
});
