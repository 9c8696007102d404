import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { datasetFromSource } from '../dataset/dataset-from-source.js';
import { DataLoader } from '../loader/data-loader.js';
import { sidecarPath, writeSidecar } from './index-sidecar.js';
import type { ShardIndex } from './shard-index.js';
import { packWebDataset } from './pack-web-dataset.js';
import { shardSampler } from './shard-sampler.js';
import { WebDataset } from './web-dataset.js';
import type { WritableSample } from './web-dataset-writer.js';

const base = await mkdtemp(join(tmpdir(), 'webdataset-'));
let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(base, String(count++));
});
afterAll(() => rm(base, { recursive: true }));

const side = 4;
const pixelsOf = (index: number): Uint8Array =>
  Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 7 + index * 31) % 256);
const pngOf = (index: number): Promise<Buffer> =>
  sharp(pixelsOf(index), { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer();
const pngs = await Promise.all(Array.from({ length: 24 }, (_, index) => pngOf(index)));
const samples: readonly WritableSample[] = pngs.map((png, index) => ({
  key: `sample-${index}`,
  members: { png, cls: String(index % 5), json: JSON.stringify({ label: 100 + index, text: 'x' }) },
}));

/** Six shards of four samples. */
const packed = async (): Promise<readonly string[]> =>
  (await packWebDataset(samples, folder, { maxSamples: 4, pattern: 'train-%02d.tar' })).shards;

describe('WebDataset', () => {
  it('opens patterns, folders, lists and file URLs; gives images and classes by number', async () => {
    const shards = await packed();
    const pattern = join(folder, 'train-{00..05}.tar');
    for (const location of [pattern, folder, shards, shards.map((path) => `file://${path}`)]) {
      const dataset = await WebDataset.open(location);
      expect(dataset).toHaveLength(24);
      expect([...dataset.shardLengths]).toEqual([4, 4, 4, 4, 4, 4]);
      for (const index of [23, 0, 7, 8]) {
        const { image, label } = await dataset.get(index);
        expect(image).toEqual({ data: pixelsOf(index), shape: [side, side, 3] });
        expect(label).toBe(index % 5);
        expect(dataset.key(index)).toBe(`sample-${index}`);
        expect(dataset.shard(index)).toBe(shards[Math.floor(index / 4)]);
      }
      expect(() => dataset.key(24)).toThrow(/integer in \[0, 24\)/);
      await dataset.close();
    }
  });

  it('reads what the Python package wrote', async () => {
    const goldens = fileURLToPath(new URL('../../../../test/golden/webdataset/', import.meta.url));
    const { pixels, archives } = JSON.parse(await readFile(join(goldens, 'expected.json'), 'utf8')) as {
      readonly pixels: Record<string, string>;
      readonly archives: Record<
        string,
        readonly { readonly key: string; readonly members: { readonly cls: string } }[]
      >;
    };
    const path = join(base, 'package.tar');
    await writeFile(path, await readFile(join(goldens, 'package.tar')));
    const dataset = await WebDataset.open(path, { loadLabels: true });
    const expected = archives['package.tar']!;
    expect([...dataset.labels!]).toEqual(
      expected.map(({ members }) => Number(Buffer.from(members.cls, 'base64').toString())),
    );
    for (const [index, { key }] of expected.entries()) {
      const { image, label } = await dataset.get(index);
      expect(Buffer.from(image.data).toString('base64')).toBe(pixels[key]);
      expect([image.shape, label]).toEqual([[6, 8, 3], dataset.labels![index]]);
    }
    await dataset.close();
  });

  it('takes the class from JSON, from none, and reads all at once', async () => {
    await packed();
    const json = await WebDataset.open(folder, { label: { extension: 'json', field: 'label' } });
    expect((await json.get(9)).label).toBe(109);
    expect(json.labels).toBeUndefined();
    const labels = await json.loadLabels();
    expect([...labels]).toEqual(samples.map((_, index) => 100 + index));
    expect(json.labels).toBe(labels);
    expect((await json.get(9)).label).toBe(109);
    const none = await WebDataset.open(folder, { label: 'none' });
    expect(await none.get(3)).toEqual({ image: { data: pixelsOf(3), shape: [side, side, 3] } });
    await expect(none.loadLabels()).rejects.toThrow(/no classes that were chosen/);
    const text = await WebDataset.open(folder, { label: { extension: 'json', field: 'text', kind: 'integers' } });
    await expect(text.get(5)).rejects.toThrow(/field 'text' of 'sample-5.json' holds no class/);
    await expect(text.loadLabels()).rejects.toBeInstanceOf(DataError);
    const decoded = await WebDataset.open(folder, { channels: 1, resize: { width: 2, height: 3, fit: 'stretch' } });
    expect((await decoded.get(0)).image.shape).toEqual([3, 2, 1]);
    for (const dataset of [json, none, text, decoded]) await dataset.close();
  });

  it('refuses samples without class, without image, and options that make no sense', async () => {
    await packWebDataset([samples[0]!, { key: 'b', members: { png: pngs[1]! } }], folder);
    await expect(WebDataset.open(folder)).rejects.toThrow(/sample 'b' has no .cls, the class.*label: 'none'/);
    const json = await WebDataset.open(folder, { label: 'none', imageExtensions: ['JSON'] });
    await expect(json.get(1)).rejects.toThrow(/sample 'b' has no image \(json\)/);
    await expect(json.get(0)).rejects.toThrow(/000000.tar: 'sample-0.json' cannot be decoded/);
    await json.close();
    await expect(WebDataset.open(folder, { imageExtensions: ['tif'] })).rejects.toThrow(
      /hold no images \(tif\) but cls, json, png; pass imageExtensions/,
    );
    const small = await WebDataset.open(folder, { label: 'none', maxSampleBytes: 600 });
    await expect(small.get(0)).rejects.toThrow(
      /sample 'sample-0' has \d+ bytes, the limit is 600; raise maxSampleBytes/,
    );
    await expect(WebDataset.open(folder, { maxEntries: 3, label: 'none' })).rejects.toThrow(/4 files, the limit is 3/);
    for (const options of [
      { maxEntries: 0 },
      { maxSampleBytes: 0.5 },
      { imageExtensions: [] },
      { label: { extension: '' } },
      { maxBadShare: 2 },
      { http: { retries: -1 } },
      { cache: { folder: '' } },
    ])
      await expect(WebDataset.open(folder, options)).rejects.toBeInstanceOf(InvalidOptionError);
    for (const location of ['pipe:cat a.tar', 's3://bucket/a.tar', 'https://u:p@host/a.tar'])
      await expect(WebDataset.open(location)).rejects.toBeInstanceOf(InvalidOptionError);
    await expect(WebDataset.open([])).rejects.toThrow(/at least one path or URL/);
    await mkdir(join(folder, 'empty'));
    await expect(WebDataset.open(join(folder, 'empty'))).rejects.toThrow(/holds no shards; looked for .tar files/);
    await expect(WebDataset.open(join(folder, 'absent.tar'))).rejects.toThrow(/no such file; check the path/);
  });

  it('keeps an index, and makes it anew when the shard or the index is another', async () => {
    const [shard] = await packed();
    const sidecar = sidecarPath(shard!);
    const written = JSON.parse(await readFile(sidecar, 'utf8')) as ShardIndex & { modified: number };
    // A whole index is believed: this one renames a sample.
    const renamed = { ...written, keys: written.keys.with(2, 'other') };
    await writeSidecar(sidecar, renamed, written.modified);
    const believed = await WebDataset.open(shard!);
    expect(believed.key(2)).toBe('other');
    // The header in the shard is not fooled.
    await expect(believed.get(2)).rejects.toThrow(/does not hold 'other.png' where its index says; remove the index/);
    for (const damage of [
      'no JSON',
      '[]',
      JSON.stringify({ ...written, version: 1 }),
      JSON.stringify(renamed),
      JSON.stringify({ ...written, size: written.size + 512 }),
      JSON.stringify({ ...written, offsets: written.offsets.slice(1) }),
      JSON.stringify({ ...written, offsets: written.offsets.map((offset) => offset + 1) }),
      JSON.stringify({ ...written, offsets: written.offsets.map((offset) => offset + 2 ** 40) }),
      JSON.stringify({ ...written, keys: 5 }),
      JSON.stringify({ ...written, counts: [12, 0, 0, 0] }),
      JSON.stringify({ ...written, extensionOf: written.offsets.map(() => 0) }),
      JSON.stringify({ ...written, sizes: written.offsets.map(() => -1) }),
    ]) {
      await writeFile(sidecar, damage);
      const dataset = await WebDataset.open(shard!);
      expect((await dataset.get(3)).label).toBe(3);
      await dataset.close();
      expect(JSON.parse(await readFile(sidecar, 'utf8'))).toEqual(written);
    }
    await writeSidecar(sidecar, renamed, written.modified);
    await utimes(shard!, 1, 1);
    const anew = await WebDataset.open(shard!);
    expect(anew.key(2)).toBe('sample-2');
    await appendFile(shard!, Buffer.alloc(512));
    await anew.close();
    await expect(anew.get(0)).rejects.toThrow(/bytes, had \d+ when it was indexed; open the data set anew/);
    await rm(shard!);
    await anew.close();
    await expect(anew.get(0)).rejects.toThrow(/no such file/);
  });

  it('gives no image of one sample with the class of another when a shard is replaced', async () => {
    const [shard] = await packed();
    const dataset = await WebDataset.open(shard!);
    const bytes = await readFile(shard!);
    // Same size, same places, other names.
    const at = bytes.indexOf('sample-1.png');
    bytes.write('sample-9.png', at);
    await writeFile(shard!, bytes);
    await expect(dataset.get(1)).rejects.toThrow(/checksum of a header is wrong/);
    const sum = Number.parseInt(bytes.toString('latin1', at + 148, at + 154), 8) + 8;
    bytes.write(sum.toString(8).padStart(6, '0'), at + 148);
    await writeFile(shard!, bytes);
    await expect(dataset.get(1)).rejects.toMatchObject({ code: 'SSL_DATA', path: shard, offset: at });
    await expect(dataset.get(1)).rejects.toThrow(/does not hold 'sample-1.png' where its index says/);
    expect((await dataset.get(2)).label).toBe(2);
    await dataset.close();
  });

  it('fails on a truncated shard, or leaves it out and says so, up to a share', async () => {
    const shards = await packed();
    const bytes = await readFile(shards[2]!);
    await writeFile(shards[2]!, bytes.subarray(0, 2000));
    const error: unknown = await WebDataset.open(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSL_DATA', path: shards[2], offset: 1024 });
    const dataset = await WebDataset.open(folder, { onBadShard: 'skip' });
    expect(dataset).toHaveLength(20);
    expect(dataset.skippedShards).toEqual([{ shard: shards[2], reason: expect.stringMatching(/truncated/) as string }]);
    expect((await dataset.get(8)).label).toBe(12 % 5);
    await dataset.close();
    await rm(shards[5]!);
    await expect(WebDataset.open(shards, { onBadShard: 'skip' })).rejects.toThrow(
      /2 of 6 shards cannot be read, more than maxBadShare 0.1; repair the data set. First failure: .*truncated/,
    );
    const half = await WebDataset.open(shards, { onBadShard: 'skip', maxBadShare: 0.5 });
    expect(half.skippedShards.map(({ shard }) => shard)).toEqual([shards[2], shards[5]]);
    await half.close();
    await expect(WebDataset.open([shards[5]!], { onBadShard: 'skip' })).rejects.toThrow(/no such file/);
  });

  it('gives the same batches in 0, 1 and 2 workers, and in the middle of an epoch', async () => {
    await packed();
    const dataset = await WebDataset.open(folder);
    const again = await datasetFromSource(structuredClone(dataset.source));
    expect(await again.get(13)).toEqual(await dataset.get(13));
    const hashes: string[] = [];
    for (const workers of [0, 1, 2]) {
      const loader = new DataLoader({ dataset, batchSize: 8, seed: 2, workers });
      const batches: string[] = [];
      for (const [epoch, from] of [
        [0, 0],
        [1, 0],
        [1, 2],
      ] as const) {
        for await (const { images, labels, index } of loader.epoch(epoch, from)) {
          index.data.forEach((number, slot) => expect(labels!.data[slot]).toBe(number % 5));
          batches.push(createHash('sha256').update(images.data).update(index.data).digest('hex'));
        }
      }
      expect(batches).toHaveLength(7);
      expect(batches[6]).toBe(batches[5]);
      hashes.push(batches.join());
      await loader.close();
    }
    expect(new Set(hashes).size).toBe(1);
    expect([...shardSampler(dataset, { buffer: 8 }).indices(0)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 24 }, (_, index) => index),
    );
    await dataset.close();
  });

  it('reads many shards with few open files, at the same time', async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({
      key: `k${index}`,
      members: samples[index % 24]!.members,
    }));
    await packWebDataset(many, folder, { maxSamples: 2 });
    const dataset = await WebDataset.open(folder);
    const got = await Promise.all(many.map((_, index) => dataset.get((index * 7) % 60)));
    got.forEach(({ label }, index) => expect(label).toBe((((index * 7) % 60) % 24) % 5));
    await dataset.close();
  });
});
