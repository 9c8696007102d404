import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { writtenSamples } from '../../../../test/golden/webdataset/written-samples.js';
import { readSidecar, sidecarPath } from './index-sidecar.js';
import { indexTar } from './index-tar.js';
import { WebDatasetWriter, type WebDatasetWriterOptions } from './web-dataset-writer.js';

const base = await mkdtemp(join(tmpdir(), 'writer-'));
let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(base, String(count++));
});
afterAll(() => rm(base, { recursive: true }));

async function write(options: WebDatasetWriterOptions, samples: number, bytes = 100) {
  const writer = await WebDatasetWriter.create(folder, options);
  for (let index = 0; index < samples; index++)
    await writer.write({ key: `k${index}`, members: { bin: new Uint8Array(bytes).fill(index) } });
  return writer.close();
}

describe('WebDatasetWriter', () => {
  it('writes the bytes that the Python package was shown', async () => {
    const writer = await WebDatasetWriter.create(folder);
    for (const sample of writtenSamples) await writer.write(sample);
    const { shards, samples, bytes } = await writer.close();
    const golden = await readFile(
      fileURLToPath(new URL('../../../../test/golden/webdataset/written.tar', import.meta.url)),
    );
    expect(Buffer.compare(await readFile(shards[0]!), golden)).toBe(0);
    expect([shards.length, samples, bytes]).toEqual([1, 5, golden.length]);
  });

  it('leaves beside each shard the index that a scan would find', async () => {
    const { shards } = await write({ maxSamples: 3 }, 7, 700);
    expect(shards.map((path) => basename(path))).toEqual(['000000.tar', '000001.tar', '000002.tar']);
    for (const path of shards) {
      const { size, mtimeMs } = await stat(path);
      const index = await readSidecar(sidecarPath(path), { size, modified: mtimeMs, split: 'first-dot' });
      expect(index).toEqual(await indexTar(path));
    }
    expect(await readdir(folder)).toHaveLength(6);
  });

  it('limits shards by samples and by bytes', async () => {
    // A sample takes a header and a block; an archive two blocks more.
    const { shards, bytes } = await write({ maxBytes: 4 * 1024 + 1024, pattern: 'a-%d.tar' }, 9);
    expect(shards.map((path) => basename(path))).toEqual(['a-0.tar', 'a-1.tar', 'a-2.tar']);
    const sizes = await Promise.all(shards.map(async (path) => (await stat(path)).size));
    expect(sizes).toEqual([5120, 5120, 2048]);
    expect(bytes).toBe(5120 + 5120 + 2048);
    expect((await write({ maxBytes: 1, pattern: 'b-%d.tar' }, 3)).shards).toHaveLength(3);
    expect(await write({ pattern: 'c-%d.tar' }, 0)).toEqual({ shards: [], samples: 0, bytes: 0 });
  });

  it('collects small writes and takes large members', async () => {
    const { shards } = await write({}, 3000, 1000);
    const large = await write({ pattern: 'large-%d.tar' }, 2, 3 * 2 ** 20);
    expect((await indexTar(shards[0]!)).sizes).toHaveLength(3000);
    const { offsets, sizes } = await indexTar(large.shards[0]!);
    const bytes = await readFile(large.shards[0]!);
    expect(sizes).toEqual([3 * 2 ** 20, 3 * 2 ** 20]);
    expect([bytes[offsets[1]! - 1], bytes[offsets[1]!], bytes[offsets[1]! + sizes[1]! - 1]]).toEqual([0, 1, 1]);
  });

  it('does not write over shards, unless told to', async () => {
    await write({ maxSamples: 1 }, 4);
    await writeFile(join(folder, 'other.tar'), 'x');
    await expect(write({}, 1)).rejects.toThrow(/holds 4 shards of the pattern %06d.tar already; .*overwrite: true/);
    await write({ overwrite: true }, 1);
    expect((await readdir(folder)).sort()).toEqual(['000000.tar', '000000.tar.index.json', 'other.tar']);
  });

  it('leaves nothing of a shard that was not finished', async () => {
    const writer = await WebDatasetWriter.create(folder, { maxSamples: 1 });
    await writer.write({ key: 'a', members: { bin: 'x' } });
    await writer.write({ key: 'b', members: { bin: 'x' } });
    expect(writer.written).toEqual({ shards: [join(folder, '000000.tar')], samples: 2, bytes: 2048 + 1024 });
    await writer.abort();
    expect((await readdir(folder)).sort()).toEqual(['000000.tar', '000000.tar.index.json']);
    const file = join(base, 'file');
    await writeFile(file, '');
    await expect(WebDatasetWriter.create(file)).rejects.toBeInstanceOf(DataError);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['', { a: '' }, /key must be a relative path/],
    ['/abs', { a: '' }, /key must be a relative path/],
    ['../up', { a: '' }, /key must be a relative path/],
    ['a//b', { a: '' }, /key must be a relative path/],
    ['a\nb', { a: '' }, /key must be a relative path/],
    ['k'.repeat(1025), { a: '' }, /key must be a relative path/],
    ['with.dot', { a: '' }, /last part has no dot/],
    ['__meta__/x', { a: '' }, /not __meta__/],
    ['.hidden', { a: '' }, /last part has no dot/],
    ['a', {}, /at least one member/],
    ['a', { JPG: '' }, /extensions in lower case/],
    ['a', { '': '' }, /extensions in lower case/],
    ['a', { 'x/y': '' }, /extensions in lower case/],
    ['last', { a: '' }, /another than that of the sample before/],
  ])('refuses the sample %j %o', async (key, members, message) => {
    const writer = await WebDatasetWriter.create(folder);
    await writer.write({ key: 'last', members: { a: '' } });
    await expect(writer.write({ key, members })).rejects.toThrow(message);
    expect((await writer.close()).samples).toBe(1);
  });

  it('refuses patterns and limits that make no sense', async () => {
    for (const options of [
      { pattern: 'a.tar' },
      { pattern: '%06d' },
      { pattern: '../%06d.tar' },
      { pattern: '%d-%d.tar' },
      { maxSamples: 0 },
      { maxBytes: 1.5 },
    ])
      await expect(WebDatasetWriter.create(folder, options)).rejects.toBeInstanceOf(InvalidOptionError);
  });
});
