import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebDataset } from '../index.js';
import { parseSidecar, readSidecar, sidecarPath } from './index-sidecar.js';
import { packWebDataset } from './pack-web-dataset.js';

const gif = 'GIF89a';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'damaged-'));
});
afterEach(() => rm(folder, { recursive: true }));

const samples = (prefix: string) =>
  Array.from({ length: 6 }, (_, index) => ({ key: `${prefix}${index}`, members: { gif, cls: String(index) } }));

async function packed(prefix: string, options = {}): Promise<string> {
  const { shards } = await packWebDataset(samples(prefix), folder, { overwrite: true, ...options });
  return shards[0]!;
}

const keys = async (path: string): Promise<string[]> => {
  const dataset = await WebDataset.open(path, { loadLabels: true });
  await dataset.close();
  return Array.from({ length: dataset.length }, (_, index) => `${dataset.key(index)}:${dataset.labels![index]}`);
};

describe('the index of a shard', () => {
  it('with any bit turned is made anew', async () => {
    const shard = await packed('s');
    const path = sidecarPath(shard);
    const { size, mtimeMs } = await stat(shard);
    const archive = { size, modified: mtimeMs, split: 'first-dot' } as const;
    const whole = await readFile(path);
    const index = await readSidecar(path, archive);
    expect(index).toBeDefined();
    let accepted = 0;
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const found = parseSidecar(bytes.toString('utf8'), archive);
      if (found === undefined) continue;
      // The last digit of a time may say nothing.
      accepted++;
      expect(found).toEqual(index);
    }
    expect(accepted).toBeLessThan(4);
    const flipped = Buffer.from(whole);
    flipped[whole.indexOf('s3')] = 0x74;
    await writeFile(path, flipped);
    expect(await keys(shard)).toEqual(['s0:0', 's1:1', 's2:2', 's3:3', 's4:4', 's5:5']);
    expect(await readFile(path)).toEqual(whole);
  });

  it('of another shard of the same size and time is made anew', async () => {
    const other = await packed('b', { pattern: 'b-%06d.tar' });
    const shard = await packed('a', { pattern: 'a-%06d.tar' });
    const { atimeMs, mtimeMs } = await stat(shard);
    await writeFile(shard, await readFile(other));
    await utimes(shard, atimeMs / 1000, mtimeMs / 1000);
    expect((await stat(shard)).mtimeMs).toBeCloseTo(mtimeMs, 0);
    expect((await keys(shard))[0]).toBe('b0:0');
  });
});

describe('a shard in the cache', () => {
  it('that is not what was fetched is fetched again', async () => {
    const shard = await packed('s');
    const bytes = await readFile(shard);
    let fetched = 0;
    const server = createServer((_, response) => {
      fetched++;
      response.writeHead(200, { etag: '"1"', 'content-length': bytes.length }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const cache = { folder: join(folder, 'cache') };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.tar`;
    const labels = async (): Promise<string> => {
      const dataset = await WebDataset.open([url], { cache, loadLabels: true });
      await dataset.close();
      return [...dataset.labels!].join('');
    };
    try {
      expect(await labels()).toBe('012345');
      const cached = join(
        cache.folder,
        (await readdir(cache.folder)).find((name) => name.endsWith('.tar'))!,
      );
      const before = fetched;
      expect(await labels()).toBe('012345');
      // Asked for its state, not for its bytes.
      expect(fetched - before).toBe(1);
      const damaged = await readFile(cached);
      damaged[damaged.lastIndexOf('5')] = 0x39;
      await writeFile(cached, damaged);
      expect(await labels()).toBe('012345');
      expect(fetched - before).toBe(3);
      await rm(`${cached}.sha256`);
      expect(await labels()).toBe('012345');
      expect(await readFile(cached)).toEqual(bytes);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
