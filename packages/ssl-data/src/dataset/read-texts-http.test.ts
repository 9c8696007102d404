import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/parquet-texts.json' with { type: 'json' };
import { readTexts, type ReadTextsOptions } from './read-texts.js';

const goldens = join(import.meta.dirname, '../../../../test/golden/data');
const folder = mkdtempSync(join(tmpdir(), 'served-texts-'));
const lines = Array.from({ length: 40_000 }, (_, at) => `line ${at} of ${(at * 7919) % 65_537} größer 🙂`);
const jsonl = lines.map((text, id) => JSON.stringify({ id, text })).join('\n');
const files: Record<string, Buffer> = {
  'a.txt': Buffer.from(lines.join('\n')),
  'a.jsonl': Buffer.from(jsonl),
  'a.jsonl.gz': gzipSync(jsonl),
  'a.txt.zst': readFileSync(join(goldens, 'zstd/level-19.zst')),
  'a.parquet': readFileSync(join(goldens, 'parquet-texts/snappy.parquet')),
  'bad.txt': Buffer.concat([Buffer.from('one\ntwo\ncaf'), Buffer.of(0xe9), Buffer.from('\n')]),
  'page.txt': Buffer.from('\n<!DOCTYPE html><html>Log in</html>'),
  'cut.txt.gz': gzipSync('some text\n'.repeat(1000)).subarray(0, 60),
  'empty.txt': Buffer.alloc(0),
};

interface Behaviour {
  ranges: boolean;
  /** ETag of the file, or none. */
  tag: string | undefined;
  /** Whether the length of an answer is told. */
  sizes: boolean;
  /** What is done to the next answers: they break off after so many bytes, have another status, or stay out. */
  trouble: (number | `${number}` | 'silence')[];
  /** Sent packed although nobody asked, as servers do that know the ending. */
  packed: boolean;
}
let behaviour: Behaviour;
let requests: string[];
let sent: number;
beforeEach(() => {
  behaviour = { ranges: true, tag: '"1"', sizes: true, trouble: [], packed: false };
  [requests, sent] = [[], 0];
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { ranges, tag, sizes, trouble, packed } = behaviour;
  const { pathname } = new URL(request.url!, 'http://host');
  const { range } = request.headers;
  requests.push(range === undefined ? pathname : `${pathname} ${range}`);
  const next = trouble.shift();
  if (next === 'silence') return;
  if (typeof next === 'string') return void response.writeHead(Number(next)).end();
  const file = files[pathname.slice(1)];
  if (file === undefined) return void response.writeHead(404).end('<html>not here</html>');
  const parts = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  const holds = request.headers['if-range'] === undefined || request.headers['if-range'] === tag;
  const isPart = ranges && parts !== null && holds;
  const start = isPart ? Number(parts[1]) : 0;
  const end = isPart && parts[2] !== '' ? Math.min(Number(parts[2]), file.length - 1) : file.length - 1;
  const headers: Record<string, string> = tag === undefined ? {} : { etag: tag };
  if (isPart) headers['content-range'] = `bytes ${start}-${end}/${file.length}`;
  if (packed) headers['content-encoding'] = 'gzip';
  if (sizes) headers['content-length'] = String(end - start + 1);
  response.writeHead(isPart ? 206 : 200, headers);
  const body = file.subarray(start, end + 1);
  sent += body.length;
  if (typeof next === 'number') response.write(body.subarray(0, next), () => setTimeout(() => response.destroy(), 20));
  else response.end(body);
}

const server = createServer(answer);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const http = { retryDelayMs: 1, retries: 2 };
const textsOf = async (path: Parameters<typeof readTexts>[0], options: ReadTextsOptions = {}): Promise<string[]> => {
  const texts: string[] = [];
  await readTexts(path, { http, ...options }, (text) => texts.push(text));
  return texts;
};
const failure = async (path: Parameters<typeof readTexts>[0], options: ReadTextsOptions = {}): Promise<DataError> => {
  const error: unknown = await readTexts(path, { http, ...options }, () => {}).catch((reason: unknown) => reason);
  if (!DataError.isInstance(error)) throw error;
  return error;
};

describe('texts on a server', () => {
  it.each(['a.txt', 'a.jsonl', 'a.jsonl.gz'])('reads %s by one request', async (name) => {
    expect(await textsOf(`${origin}/${name}?token=secret`)).toEqual(lines);
    expect(requests).toEqual([`/${name}`]);
  });

  it('reads Zstandard, Parquet by its parts, and a list of addresses and paths in order', async () => {
    const local = await textsOf(join(goldens, 'zstd/level-19.zst'));
    expect(await textsOf(`${origin}/a.txt.zst`)).toEqual(local);
    const wanted = golden.texts.filter((text) => text !== null && /[^\0- ]/.test(text));
    expect(await textsOf(`${origin}/a.parquet`)).toEqual(wanted);
    expect(requests.at(-1)).toMatch(/a\.parquet bytes=\d+-\d+/);
    const all = await textsOf([new URL(`${origin}/a.txt`), join(goldens, 'parquet-texts/gzip.parquet')]);
    expect(all).toEqual([...lines, ...wanted]);
  });

  it('takes a broken connection up where it broke, as often as it gets on', async () => {
    behaviour.trouble = [100_000, 200_000, '503', 150_000, 1, 300_000];
    expect(await textsOf(`${origin}/a.txt`)).toEqual(lines);
    expect(requests.slice(1).every((request) => /bytes=[1-9]\d*-$/.test(request))).toBe(true);
    expect(requests.length).toBeGreaterThan(5);
    expect(requests[1]).toBe('/a.txt bytes=100000-');
    [behaviour.trouble, requests] = [[60_000], []];
    expect(await textsOf(`${origin}/a.jsonl.gz`)).toEqual(lines);
    expect(requests[1]).toBe('/a.jsonl.gz bytes=60000-');
  });

  it.each<[string, Partial<Behaviour>]>([
    ['gives no parts', { ranges: false }],
    ['tells nothing by which its file is known', { tag: undefined }],
    ['tells neither that nor a length', { tag: undefined, sizes: false, ranges: false }],
  ])('reads the beginning again where a server %s, and nothing twice', async (_, how) => {
    Object.assign(behaviour, how, { trouble: [100_000, 250_000] });
    expect(await textsOf(`${origin}/a.txt`)).toEqual(lines);
    expect(requests).toHaveLength(3);
  });

  it('reads what a server unpacks on the way', async () => {
    Object.assign(behaviour, { packed: true, trouble: [60_000] });
    expect(await textsOf(`${origin}/a.jsonl.gz`)).toEqual(lines);
    expect(requests).toEqual(['/a.jsonl.gz', '/a.jsonl.gz']);
  });

  it('notices a file that changes meanwhile', async () => {
    const whole = files['a.txt']!;
    for (const tag of ['"1"', undefined]) {
      Object.assign(behaviour, { tag, trouble: [100_000] });
      const reading = failure(`${origin}/a.txt`, { http: { ...http, retryDelayMs: 100 } });
      await new Promise((resolve) => setTimeout(resolve, 60));
      files['a.txt'] = Buffer.from(whole).fill('x', 10, 20);
      if (tag !== undefined) behaviour.tag = '"2"';
      expect((await reading).message).toMatch(/a\.txt: has changed while it was read; read it from the beginning/);
      files['a.txt'] = whole;
    }
  });

  it('says what is wrong, and where, without what follows the name', async () => {
    const messages: [string, RegExp][] = [
      ['none.txt', /none\.txt: the server answers 404: the file is not there/],
      ['bad.txt', /bad\.txt: line 3 is not valid UTF-8: byte 0xe9 at 11/],
      ['page.txt', /page\.txt: is a page of HTML, as servers send it where a file is missing or needs a login/],
      ['cut.txt.gz', /cut\.txt\.gz: gzip stream is damaged or truncated/],
      ['empty.txt', /empty\.txt: holds no text/],
      ['data.csv', /data\.csv: is no file of texts by its ending/],
    ];
    for (const [name, message] of messages) {
      const error = await failure(`${origin}/${name}?token=secret`);
      expect(error.message).toMatch(message);
      expect(error.message).not.toMatch(/secret/);
    }
    Object.assign(behaviour, { ranges: false });
    expect((await failure(`${origin}/a.parquet`)).message).toMatch(/gives no parts of files.*fetch it first, with/);
    behaviour.trouble = ['403'];
    expect((await failure(`${origin}/a.txt`)).message).toMatch(/answers 403: access is denied; pass http: \{ headers/);
  });

  it('gives up after as many tries as are set, and in time', async () => {
    behaviour.trouble = ['500', '502', '503', '500'];
    expect((await failure(`${origin}/a.txt`)).message).toMatch(
      /cannot be read from byte 0 on, tried 3 times: the server answers 503; check the server, or raise http\.retries/,
    );
    behaviour.trouble = ['silence', 'silence', 'silence'];
    const start = performance.now();
    const late = await failure(`${origin}/a.txt`, { http: { ...http, timeoutMs: 100 } });
    expect(late.message).toMatch(/tried 3 times: no byte for 100 ms/);
    expect(performance.now() - start).toBeLessThan(5000);
    server.closeAllConnections();
    const gone = await failure('http://127.0.0.1:1/a.txt');
    expect(gone.message).toMatch(/^http:\/\/127\.0\.0\.1:1\/a\.txt: cannot be read from byte 0 on, tried 3 times/);
  });

  it('does not hold the time of the reader against the server', async () => {
    let held = 0;
    const read = await readTexts(`${origin}/a.txt`, { http: { ...http, retries: 0, timeoutMs: 100 } }, () => {
      if (held++ % 10_000 !== 0) return;
      for (const until = performance.now() + 250; performance.now() < until;);
    });
    expect(read.texts).toBe(lines.length);
    expect(requests).toHaveLength(1);
  });

  it('refuses places that are none', async () => {
    for (const place of [
      's3://bucket/a.txt',
      'file:///a.txt',
      'http://',
      [],
      [7],
      `${origin.replace('//', '//me:pw@')}/a.txt`,
    ]) {
      const error: unknown = await readTexts(place as string, {}, () => {}).catch((reason: unknown) => reason);
      expect([place, InvalidOptionError.isInstance(error)]).toEqual([place, true]);
      expect((error as Error).message).not.toMatch(/pw@/);
    }
    await expect(readTexts(`${origin}/a.txt`, { http: { retries: -1 } }, () => {})).rejects.toThrow(/http\.retries/);
    await expect(readTexts(`${origin}/a.txt`, { http: { retrys: 1 } as never }, () => {})).rejects.toThrow(/retries/);
  });
});

it('gives a server up that trickles', async () => {
  const slow = createServer((_, response) => {
    response.writeHead(200, { etag: '"1"', 'content-length': 2 ** 30 });
    const timer = setInterval(() => response.write('a line\n'), 20);
    response.on('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const { port } = slow.address() as AddressInfo;
  const error = await failure(`http://127.0.0.1:${port}/a.txt`, { http: { ...http, timeoutMs: 200 } });
  expect(error.message).toMatch(/tried 3 times: \d+ bytes in 200 ms, fewer than http\.minBytesPerSecond \(1000\)/);
  expect(error.message).toMatch(/lower http\.minBytesPerSecond/);
  slow.closeAllConnections();
  await new Promise((resolve) => slow.close(resolve));
});

it('holds little of a large file, and leaves the rest where it is when the reader has enough', async () => {
  const line = Buffer.from(`${'some words '.repeat(90)}\n`);
  const block = Buffer.concat(Array.from({ length: 1000 }, () => line));
  let blocks = 0;
  const endless = createServer((_, response) => {
    response.writeHead(200, { etag: '"1"' });
    const more = (): void => {
      while (!response.destroyed && response.write(block)) blocks++;
    };
    response.on('drain', more);
    more();
  });
  await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
  const { port } = endless.address() as AddressInfo;
  const enough = new DataError('enough');
  let texts = 0;
  const before = process.memoryUsage().rss;
  let most = 0;
  const work = readTexts(`http://127.0.0.1:${port}/a.txt`, { http }, () => {
    if (++texts % 10_000 === 0) most = Math.max(most, process.memoryUsage().rss - before);
    if (texts === 200_000) throw enough;
  });
  await expect(work).rejects.toBe(enough);
  expect(most).toBeLessThan(120e6);
  expect(blocks).toBeLessThan(230);
  endless.closeAllConnections();
  await new Promise((resolve) => endless.close(resolve));
});
