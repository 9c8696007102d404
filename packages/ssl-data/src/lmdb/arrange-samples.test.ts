import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LmdbDataset, type LmdbOptions } from './lmdb-dataset.js';
import { LmdbWriter } from './lmdb-writer.js';

let folder: string;
let opened = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lmdb-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function open(records: Record<string, string>, options: LmdbOptions | 'folders' = {}): Promise<LmdbDataset> {
  const path = join(folder, `${opened++}.mdb`);
  const writer = await LmdbWriter.create(path);
  for (const key of Object.keys(records).sort()) await writer.add(Buffer.from(key), Buffer.from(records[key]!));
  await writer.finish();
  return LmdbDataset.open(path, options === 'folders' ? { labels: options } : options);
}

/** Enough of a picture to be known as one. */
const gif = 'GIF89a';

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

  it('takes the keys of __keys__ that have the prefix', async () => {
    const records = { x1: gif, x2: gif, y1: gif, __keys__: '["x2","y1","x1"]' };
    expect(keysOf(await open(records, { keyPrefix: 'x' }))).toEqual(['x2', 'x1']);
    expect(keysOf(await open(records, { keyPrefix: '' }))).toEqual(['x2', 'y1', 'x1']);
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

describe('which records are samples', () => {
  it.each([
    'length',
    'num-samples',
    'num_samples',
    'n_samples',
    'Size',
    'keys',
    'meta',
    'class_to_idx',
    'dataset_size',
  ])('passes %s over where it is no image', async (own) => {
    const dataset = await open({ '0': gif, '1': gif, [own]: '2' });
    expect(keysOf(dataset)).toEqual(['0', '1']);
    expect(dataset.leftOut).toEqual([{ kind: 'records about the data', count: 1, names: [own] }]);
    expect(keysOf(await open({ '0': gif, '1': gif, [own]: gif }))).toContain(own);
    expect((await open({ '0': gif, [own]: '1' }, { keyPrefix: '' })).length).toBe(2);
  });

  it('asks for the prefix where some keys hold images and others do not', async () => {
    const texts = { 'img_0.jpg': gif, 'img_1.jpg': gif, caption_0: 'a cat', caption_1: 'a dog', note: '?' };
    await expect(open(texts)).rejects.toThrow(
      /no images: 2 'caption_\.\.\.', 1 others; pass keyPrefix: 'img_', or '' for all records/,
    );
    expect(keysOf(await open(texts, { keyPrefix: 'img_' }))).toEqual(['img_0.jpg', 'img_1.jpg']);
    expect((await open(texts, { keyPrefix: '' })).length).toBe(5);
    // One damaged image makes no kind of its own, and what is listed is not in question.
    expect((await open({ a0: gif, a1: 'damaged', b0: gif })).length).toBe(3);
    expect((await open({ ...texts, __keys__: '["caption_0","img_0.jpg"]' })).length).toBe(2);
  });

  it('says in reading what a record is and which option chooses', async () => {
    const dataset = await open({ a0: gif, a1: 'text' });
    await expect(dataset.get(1)).rejects.toThrow(
      /'a1' cannot be decoded: it begins as no image does \(0x74657874\); .* say by keyPrefix which keys/,
    );
    await expect(open({ ab: '' }, { keyPrefix: 'x' })).rejects.toThrow(/no keys that begin with 'x'; .*a key is 'ab'/);
  });
});

describe('classes', () => {
  it('follow a given list, by the names of folders and of __classes__', async () => {
    const records = { 'x/a': gif, 'y/b': gif };
    const labelled = { ...records, __labels__: '[0,1]', __classes__: '["x","y"]' };
    for (const stored of [records, labelled]) {
      const dataset = await open(stored, { classes: ['y', 'x'] });
      expect([[...dataset.labels!], dataset.classes]).toEqual([
        [1, 0],
        ['y', 'x'],
      ]);
      await expect(open(stored, { classes: ['y', 'z'] })).rejects.toThrow(/'x', not in the option classes/);
      await expect(open(stored, { classes: ['x', 'y', 'z'] })).rejects.toThrow(/nothing of the classes 'z'/);
      const more = await open(stored, { classes: ['z', 'x', 'y'], allowEmpty: true });
      expect([...more.labels!]).toEqual([1, 2]);
    }
    const numbers = { a: gif, b: gif, __labels__: '[1,0]' };
    expect((await open(numbers, { classes: ['p', 'q'] })).classes).toEqual(['p', 'q']);
    await expect(open(numbers, { classes: ['p'] })).rejects.toThrow(/has the label 1, .* lists 1 classes, from 0 to 0/);
    await expect(open({ a: gif }, { classes: ['p'] })).rejects.toThrow(/'a' has no folder to be its class/);
  });

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
