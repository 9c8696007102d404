import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadFile, type DownloadProgress } from './download-file.js';

const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 5));
const sha256 = createHash('sha256').update(content).digest('hex');
const md5 = createHash('md5').update(content).digest('hex');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let origin: string;
let answers: Answer[];
let requests: IncomingMessage[];
let folder: string;
let path: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    (answers.length > 1 ? answers.shift()! : answers[0]!)(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-'));
  path = join(folder, 'sub', 'file.bin');
  answers = [serve()];
  requests = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** A server of one file with ranges. */
function serve(bytes: Buffer = content, etag: string | undefined = '"one"'): Answer {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? -1);
    if (etag !== undefined) response.setHeader('etag', etag);
    const changed = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag;
    if (start >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    } else if (start >= 0 && !changed) {
      response.writeHead(206, {
        'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
        'content-length': bytes.length - start,
      });
      response.end(bytes.subarray(start));
    } else {
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    }
  };
}

/** Breaks the connection after some bytes of what `inner` sends. */
function broken(after: number, etag = '"one"'): Answer {
  return (_, response) => {
    response.writeHead(200, { 'content-length': content.length, etag });
    response.write(content.subarray(0, after), () => setImmediate(() => response.destroy()));
  };
}

const options = { retryDelayMs: 1 };

async function errorOf(work: Promise<void>): Promise<DataError> {
  const error = await work.catch((reason: unknown) => reason);
  if (!DataError.isInstance(error)) throw error;
  return error;
}
const files = () => readdir(join(folder, 'sub')).catch(() => []);

describe('downloadFile', () => {
  it.each([{}, { sha256 }, { md5 }, { sha256: sha256.toUpperCase(), md5: 'f'.repeat(32) }])(
    'fetches, checks and leaves nothing else: %o',
    async (checksum) => {
      const seen: DownloadProgress[] = [];
      await downloadFile(`${origin}/a?signature=x`, path, {
        ...checksum,
        onProgress: (progress) => seen.push(progress),
      });
      expect(Buffer.compare(await readFile(path), content)).toBe(0);
      expect(await files()).toEqual(['file.bin']);
      expect(seen[0]).toEqual({ bytes: 0, total: 300_000 });
      expect(seen.at(-1)).toEqual({ bytes: 300_000, total: 300_000 });
      expect(requests[0]!.headers['accept-encoding']).toBe('identity');
    },
  );

  it('asks nobody when the file is there, and fetches it again when it is another', async () => {
    await downloadFile(origin, path, { sha256 });
    await downloadFile(origin, path, { sha256 });
    expect(requests).toHaveLength(1);
    await writeFile(path, 'something else');
    await downloadFile(origin, path, { sha256 });
    expect(requests).toHaveLength(2);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
  });

  it('goes on where the connection broke', async () => {
    answers = [broken(100_000), (_, response) => response.destroy(), serve()];
    await downloadFile(origin, path, options);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    expect(requests.at(-1)!.headers['if-range']).toBe('"one"');
    expect(Number(/\d+/.exec(requests.at(-1)!.headers.range!)![0])).toBeGreaterThan(0);
  });

  it('begins anew when the file changed meanwhile', async () => {
    answers = [broken(100_000, '"old"'), serve()];
    await downloadFile(origin, path, options);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
  });

  it.each([undefined, 'W/"weak"'])('begins anew when nothing tells whether pieces fit: ETag %s', async (etag) => {
    answers = [
      (_, response) => {
        if (etag !== undefined) response.setHeader('etag', etag);
        response.writeHead(200, { 'content-length': content.length });
        response.write(Buffer.alloc(100_000, 9), () => setImmediate(() => response.destroy()));
      },
      serve(content, etag),
    ];
    await downloadFile(origin, path, options);
    expect(requests.at(-1)!.headers.range).toBeUndefined();
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
  });

  it('gives up on a server that starts over and breaks for ever', async () => {
    let count = 0;
    answers = [(request, response) => broken(count++ % 2 === 0 ? 50_000 : 90_000)(request, response)];
    const error = await errorOf(downloadFile(origin, path, { ...options, retries: 3 }));
    expect(error.message).toMatch(/cannot be fetched/);
    expect(requests.length).toBeLessThan(20);
  });

  it('begins anew when the server knows no ranges', async () => {
    answers = [broken(100_000), (_, response) => response.end(content)];
    await downloadFile(origin, path, options);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
  });

  it('takes up what an earlier call left, if there is a checksum to tell that it fits', async () => {
    answers = [broken(120_000)];
    const error = await errorOf(downloadFile(`${origin}/a?key=secret`, path, { ...options, sha256, retries: 0 }));
    expect(error.message).toMatch(/cannot be fetched: .*; try again later/);
    expect(error.path).toBe(`${origin}/a`);
    expect(await files()).toEqual([`file.bin.${sha256.slice(0, 12)}.part`]);
    answers = [serve()];
    await downloadFile(origin, path, { sha256 });
    expect(requests.at(-1)!.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    expect(await files()).toEqual(['file.bin']);
  });

  it.each([
    ['of another file', Buffer.alloc(1000, 1)],
    ['longer than the file', Buffer.alloc(400_000, 1)],
    ['as long as the file', Buffer.alloc(300_000, 1)],
  ])('drops what is left over when it is %s', async (_, left) => {
    await downloadFile(origin, path, { sha256 });
    await rm(path);
    await writeFile(`${path}.${sha256.slice(0, 12)}.part`, left);
    await downloadFile(origin, path, { ...options, sha256 });
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    expect(await files()).toEqual(['file.bin']);
  });

  it('refuses a file with another checksum', async () => {
    answers = [serve(Buffer.from('a login page'))];
    const error = await errorOf(downloadFile(origin, path, { md5 }));
    expect(error.message).toMatch(new RegExp(`md5 of what was fetched is [0-9a-f]{32}, expected ${md5}`));
    expect(requests).toHaveLength(1);
    expect(await files()).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['says so', serve()],
    ['does not say so', (_, response) => void (response.write(content), response.end(content))],
  ])('refuses a file that is too long and %s', async (_, answer) => {
    answers = [answer];
    for (const checksum of [{}, { sha256 }]) {
      const error = await errorOf(downloadFile(origin, path, { ...checksum, maxBytes: 299_999 }));
      expect(error.message).toMatch(/the limit is 299999; raise maxBytes/);
      expect(await files()).toEqual([]);
    }
  });

  it.each([
    [404, 1],
    [403, 1],
    [503, 3],
    [429, 3],
  ])('says what the server answered: %i', async (status, tries) => {
    answers = [(_, response) => response.writeHead(status).end('no')];
    const error = await errorOf(downloadFile(`${origin}/x`, path, { ...options, retries: 2 }));
    expect(error.message).toMatch(new RegExp(`the server answered ${status}`));
    expect(error.path).toBe(`${origin}/x`);
    expect(requests).toHaveLength(tries);
    expect(await files()).toEqual([]);
  });

  it('does not wait for ever for a silent server', async () => {
    answers = [() => {}];
    const error = await errorOf(downloadFile(origin, path, { ...options, retries: 1, timeoutMs: 30 }));
    expect(error.message).toMatch(/no byte for 30 ms/);
  });

  it('refuses what the server packs although asked not to', async () => {
    answers = [(_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end()];
    await expect(downloadFile(origin, path, options)).rejects.toThrow(/sends it compressed \(gzip\)/);
  });

  it('ends when told to, with the reason', async () => {
    const ending = new AbortController();
    answers = [
      (_, response) => {
        response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 1000));
      },
    ];
    const reason = new DataError('told to');
    const work = downloadFile(origin, path, {
      signal: ending.signal,
      onProgress: ({ bytes }) => bytes > 0 && ending.abort(reason),
    });
    await expect(work).rejects.toBe(reason);
    expect(await files()).toEqual([]);
    await expect(downloadFile(origin, path, { signal: ending.signal })).rejects.toBe(reason);
    expect(requests).toHaveLength(1);
  });

  it('refuses addresses and checksums that are none, and servers that are not there', async () => {
    await expect(downloadFile('file:///etc/passwd', path)).rejects.toThrow(InvalidOptionError);
    await expect(downloadFile('photos.zip', path)).rejects.toThrow(InvalidOptionError);
    await expect(downloadFile(origin, path, { sha256: md5 })).rejects.toThrow(/sha256 must be 64 hexadecimal digits/);
    const error = await errorOf(downloadFile('http://127.0.0.1:1/', path, { retries: 0 }));
    expect(error.message).toMatch(/cannot be fetched/);
  });
});
