import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { datasetFromSource } from '../dataset/dataset-from-source.js';
import { packWebDataset } from './pack-web-dataset.js';
import { WebDataset } from './web-dataset.js';
import type { WebDatasetSource } from './web-dataset-source.js';

const base = await mkdtemp(join(tmpdir(), 'http-'));
const root = join(base, 'served');

interface Behaviour {
  ranges: boolean;
  sidecars: boolean;
  sizes: boolean;
  etags: boolean;
  /** Answers to give before good ones: a status, or to break off, or to say nothing. */
  trouble: (number | 'break' | 'silence')[];
  authorization?: string;
}
let behaviour: Behaviour;
let requests: string[];
let sockets: Set<unknown>;
const good: Behaviour = { ranges: true, sidecars: true, sizes: true, etags: true, trouble: [] };

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { ranges, sidecars, sizes, etags, trouble, authorization } = behaviour;
  const name = basename(new URL(request.url!, 'http://host').pathname);
  const { range } = request.headers;
  requests.push(range === undefined ? name : `${name} ${range}`);
  sockets.add(request.socket);
  const next = trouble.shift();
  if (next === 'silence') return;
  if (typeof next === 'number') return void response.writeHead(next).end();
  if (authorization !== undefined && request.headers.authorization !== authorization)
    return void response.writeHead(401).end();
  const path = join(root, name);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || (!sidecars && name.endsWith('.json'))) return void response.writeHead(404).end();
  const tag = `"${found.size}-${found.mtimeMs}"`;
  const headers: Record<string, string> = etags ? { etag: tag } : {};
  const parts = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  const holds = request.headers['if-range'] === undefined || request.headers['if-range'] === tag;
  const partial = ranges && parts !== null && holds;
  const start = partial ? Number(parts[1]) : 0;
  const end = partial && parts[2] !== '' ? Number(parts[2]) : found.size - 1;
  if (partial) headers['content-range'] = `bytes ${start}-${end}/${found.size}`;
  if (sizes) headers['content-length'] = String(end - start + 1);
  response.writeHead(partial ? 206 : 200, headers);
  if (next !== 'break') return void createReadStream(path, { start, end }).pipe(response);
  const half = start + Math.floor((end - start) / 2);
  createReadStream(path, { start, end: half })
    .on('end', () => response.destroy())
    .pipe(response, { end: false });
}

const server = createServer((request, response) => void answer(request, response));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const side = 16;
const pixelsOf = (index: number): Uint8Array =>
  Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * i * 7 + index * 31) % 256);
const samples = await Promise.all(
  Array.from({ length: 12 }, async (_, index) => ({
    key: `s${index}`,
    members: {
      png: await sharp(pixelsOf(index), { raw: { width: side, height: side, channels: 3 } })
        .png({ compressionLevel: 0 })
        .toBuffer(),
      cls: String(index),
    },
  })),
);
await packWebDataset(samples, root, { maxSamples: 4 });
const urls = `${origin}/{000000..000002}.tar`;

let cache: { folder: string };
let count = 0;
beforeEach(() => {
  behaviour = { ...good, trouble: [] };
  requests = [];
  sockets = new Set();
  cache = { folder: join(base, `cache-${count++}`) };
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(base, { recursive: true });
});
const quick = { retryDelayMs: 1, retries: 3 };

async function expectAll(dataset: Dataset<ImageSample>): Promise<void> {
  for (const index of [11, 0, 5, 6]) {
    const { image, label } = await dataset.get(index);
    expect([label, image.shape]).toEqual([index, [side, side, 3]]);
    expect(image.data).toEqual(pixelsOf(index));
  }
}

describe('WebDataset over HTTP', () => {
  it('reads samples by ranges where a sidecar is served, without a cache, over few connections', async () => {
    const dataset = await WebDataset.open(urls);
    expect(dataset).toHaveLength(12);
    expect(dataset.shard(11)).toBe(`${origin}/000002.tar`);
    requests = [];
    await expectAll(dataset);
    expect(requests).toHaveLength(4);
    for (const request of requests) expect(request).toMatch(/^00000\d\.tar bytes=\d+-\d+$/);
    expect(sockets.size).toBeLessThanOrEqual(8);
    await expectAll(await datasetFromSource(structuredClone(dataset.source)));
    const labels = await dataset.loadLabels();
    expect([...labels]).toEqual(samples.map((_, index) => index));
  });

  it.each<[string, Partial<Behaviour>]>([
    ['sends no parts', { ranges: false }],
    ['tells no sizes', { ranges: false, sizes: false, etags: false }],
    ['has no sidecars', { sidecars: false }],
  ])('downloads shards whole where a server %s', async (_, changes) => {
    Object.assign(behaviour, changes);
    await expect(WebDataset.open(urls)).rejects.toThrow(InvalidOptionError);
    const dataset = await WebDataset.open(urls, { cache });
    requests = [];
    await expectAll(dataset);
    expect(requests).toEqual([]);
    expect((await readdir(cache.folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    requests = [];
    // Indices and shards are kept: one question a shard.
    await expectAll(await WebDataset.open(urls, { cache }));
    expect(requests).toHaveLength(3);
    await dataset.close();
  });

  it('does not keep what is no shard: the next opening, which the message advises, fetches it again', async () => {
    Object.assign(behaviour, { ranges: false, sizes: false, etags: false, sidecars: false });
    const whole = await readFile(join(root, '000000.tar'));
    const url = `${origin}/again.tar`;
    for (const [sent, message] of [
      [whole.subarray(0, 2000), /truncated.*fetch it again/],
      ['<!DOCTYPE html><html>Sign in</html>', /again\.tar: is a page of HTML.*fetch the file again/],
    ] as const) {
      await writeFile(join(root, 'again.tar'), sent);
      await expect(WebDataset.open([url], { cache })).rejects.toThrow(message);
    }
    await writeFile(join(root, 'again.tar'), whole);
    const dataset = await WebDataset.open([url], { cache });
    expect(dataset.length).toBe(4);
    await dataset.close();
    await rm(join(root, 'again.tar'));
  });

  it('keeps the cache within its bytes and fetches again what had to go', async () => {
    Object.assign(behaviour, { ranges: false });
    const { size } = await stat(join(root, '000000.tar'));
    const dataset = await WebDataset.open(
      [0, 1, 2].map((n) => `${origin}/00000${n}.tar`),
      {
        cache: { ...cache, maxBytes: 2 * size + 3000 },
      },
    );
    for (let round = 0; round < 2; round++) {
      await expectAll(dataset);
      await dataset.close();
      const kept = (await readdir(cache.folder)).filter((name) => name.endsWith('.tar'));
      expect(kept.length).toBeLessThanOrEqual(2);
    }
    await expect(WebDataset.open(urls, { cache: { folder: `${cache.folder}-small`, maxBytes: 1000 } })).rejects.toThrow(
      /bytes, the cache takes 1000; raise cache.maxBytes/,
    );
  });

  it('downloads whole shards when asked to, one download for all that wait', async () => {
    const dataset = await WebDataset.open(urls, { cache: { ...cache, download: true } });
    requests = [];
    await rm(cache.folder, { recursive: true });
    await dataset.close();
    await Promise.all([0, 1, 2, 3].map((index) => dataset.get(index)));
    expect(requests).toEqual(['000000.tar']);
    await dataset.close();
  });

  it('tries again after broken answers, errors of the server and silence', async () => {
    behaviour.trouble = [503, 'break', 429];
    const dataset = await WebDataset.open([`${origin}/000000.tar`], { http: { ...quick, retries: 3 } });
    for (const trouble of [['break', 'break', 500], ['break'], [408, 502]] as const) {
      behaviour.trouble = [...trouble];
      expect((await dataset.get(2)).label).toBe(2);
    }
    const hasty = await WebDataset.open([`${origin}/000000.tar`], { http: { ...quick, timeoutMs: 2000 } });
    behaviour.trouble = ['silence'];
    expect((await hasty.get(3)).label).toBe(3);
    behaviour.trouble = ['break', 'break', 'break', 'break'];
    await expect(dataset.get(1)).rejects.toThrow(
      /000000.tar: cannot be fetched, tried 4 times: .*; check the server, or raise http.retries/,
    );
    behaviour.trouble = [500, 500, 500, 500];
    await expect(dataset.get(1)).rejects.toThrow(/tried 4 times: the server answers 500/);
    behaviour.trouble = ['silence', 'silence'];
    const impatient = new WebDataset({
      ...(dataset.source.options as WebDatasetSource),
      access: { http: { ...quick, retries: 1, timeoutMs: 300 }, cache: undefined },
    });
    await expect(impatient.get(1)).rejects.toThrow(/tried 2 times: no byte for 300 ms/);
  });

  it('goes on with a broken-off download where it stopped', async () => {
    behaviour.sidecars = false;
    const { size } = await stat(join(root, '000001.tar'));
    const dataset = await WebDataset.open([`${origin}/000001.tar`], { cache, http: quick });
    await dataset.close();
    await rm(cache.folder, { recursive: true });
    const whole = new WebDataset({
      ...(dataset.source.options as WebDatasetSource),
      access: { http: quick, cache: { ...cache, download: true } },
    });
    requests = [];
    behaviour.trouble = ['break', 'break'];
    expect((await whole.get(0)).image.data).toEqual(pixelsOf(4));
    expect(requests).toHaveLength(3);
    const places = requests.map((request) => Number(/bytes=(\d+)-$/.exec(request)?.[1] ?? 0));
    expect(places[0]).toBe(0);
    expect(places[1]).toBeGreaterThan(0);
    expect(places[2]).toBeGreaterThan(places[1]!);
    expect(places[2]).toBeLessThan(size);
    await whole.close();
  });

  it('tells a shard that has changed, has vanished, or is not for us', async () => {
    const path = join(root, '000002.tar');
    const dataset = await WebDataset.open([`${origin}/000002.tar?signature=secret`]);
    const { mtimeMs } = await stat(path);
    for (const etags of [true, false]) {
      behaviour.etags = etags;
      const bytes = await readFile(path);
      await (etags ? utimes(path, 5, 5) : writeFile(path, Buffer.concat([bytes, Buffer.alloc(512)])));
      const error: unknown = await dataset.get(0).catch((reason: unknown) => reason);
      if (!DataError.isInstance(error)) throw error;
      expect(error.message).toBe(`${origin}/000002.tar: has changed since it was indexed; open the data set anew`);
      await writeFile(path, bytes);
      await utimes(path, mtimeMs / 1000, mtimeMs / 1000);
    }
    behaviour.trouble = [404];
    await expect(dataset.get(0)).rejects.toThrow(/answers 404: the file is not there \(any more\); check the URL/);
    behaviour.authorization = 'Bearer x';
    await expect(dataset.get(0)).rejects.toThrow(/answers 401: access is denied; pass http: { headers }/);
    const allowed = await WebDataset.open([`${origin}/000002.tar`], {
      http: { headers: { authorization: 'Bearer x' } },
    });
    expect((await allowed.get(0)).label).toBe(8);
    delete behaviour.authorization;
    await expect(WebDataset.open(`${origin}/{000000..000003}.tar`)).rejects.toMatchObject({
      code: 'SSL_DATA',
      path: `${origin}/000003.tar`,
    });
    const rest = await WebDataset.open(`${origin}/{000000..000003}.tar`, { onBadShard: 'skip' });
    expect(rest.skippedShards).toHaveLength(1);
    expect(rest).toHaveLength(12);
  });

  it('does not believe a sidecar of another shard', async () => {
    const [one, two] = [join(root, '000000.tar.index.json'), join(root, '000001.tar.index.json')];
    const [first, second] = [await readFile(one), await readFile(two)];
    await writeFile(one, second);
    // All shards have the same size here: only the names in their headers tell.
    const fooled = await WebDataset.open([`${origin}/000000.tar`]);
    await expect(fooled.get(0)).rejects.toThrow(/does not hold 's4.png' where its index says/);
    await writeFile(one, '{}');
    const scanned = await WebDataset.open([`${origin}/000000.tar`], { cache });
    expect((await scanned.get(0)).label).toBe(0);
    await scanned.close();
    await writeFile(one, first);
  });

  it('says so when nobody answers', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(
      WebDataset.open([`http://127.0.0.1:${port}/a.tar`], { http: { ...quick, retries: 1 } }),
    ).rejects.toThrow(/a.tar: cannot be fetched, tried 2 times: fetch failed/);
  });
});
