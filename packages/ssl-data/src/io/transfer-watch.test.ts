import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { afterAll, describe, expect, it } from 'vitest';
import { downloadFile, WebDataset } from '../index.js';

const folder = await mkdtemp(join(tmpdir(), 'trickle-'));
let asked = 0;
/** Sends what the path says, every 20 ms and without end: `/10` gives 500 bytes a second. */
const server = createServer((request, response) => {
  asked++;
  const bytes = Buffer.alloc(Number(/(\d+)/.exec(request.url!)![1]), 'x');
  response.writeHead(200, { 'content-length': 2 ** 30, etag: '"1"' });
  const timer = setInterval(() => response.write(bytes), 20);
  response.on('close', () => clearInterval(timer));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true });
});

async function refusal(work: Promise<unknown>): Promise<readonly [message: string, seconds: number]> {
  const start = performance.now();
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (!DataError.isInstance(error)) throw error;
  return [error.message, (performance.now() - start) / 1000];
}

const quick = { retryDelayMs: 0, timeoutMs: 200 };

describe.each([
  [
    'downloadFile',
    (size: number, limits: object) => downloadFile(`${origin}/${size}`, join(folder, 'a'), { ...quick, ...limits }),
  ],
  [
    'downloadFile with a checksum',
    (size: number, limits: object) =>
      downloadFile(`${origin}/${size}`, join(folder, 'b'), { ...quick, ...limits, sha256: '0'.repeat(64) }),
  ],
  [
    'WebDataset',
    (size: number, limits: object) =>
      WebDataset.open([`${origin}/${size}.tar`], {
        cache: { folder: join(folder, 'cache') },
        http: { ...quick, ...limits },
      }),
  ],
] as const)('%s', (_, fetchFrom) => {
  it('gives a server up that trickles, after as many tries as are set', async () => {
    asked = 0;
    const [message, seconds] = await refusal(fetchFrom(10, { retries: 2 }));
    expect(message).toMatch(/\d+ bytes in 200 ms, fewer than http\.minBytesPerSecond \(1000\)/);
    expect(message).toMatch(/lower http\.minBytesPerSecond/);
    expect(seconds).toBeLessThan(5);
    expect(asked).toBeLessThanOrEqual(4);
  });

  it('takes a slow one where that is asked for, and ends what does not end', async () => {
    for (const [size, limits] of [
      [10, { minBytesPerSecond: 100, maxSeconds: 1, retries: 50 }],
      [200, { maxSeconds: 1, retries: 50 }],
    ] as const) {
      const [message, seconds] = await refusal(fetchFrom(size, limits));
      expect(message).toMatch(/not whole within http\.maxSeconds.*raise http\.maxSeconds/);
      expect(seconds).toBeGreaterThan(0.9);
      expect(seconds).toBeLessThan(4);
    }
  });
});

it('refuses limits that are none', async () => {
  for (const http of [{ minBytesPerSecond: -1 }, { maxSeconds: 0 }, { maxSeconds: Number.NaN }])
    await expect(WebDataset.open([`${origin}/1.tar`], { http })).rejects.toThrow(/http\.\w+ must be an integer/);
});
