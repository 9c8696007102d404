import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ParquetImageDataset } from './parquet-image-dataset.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'footer-'));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([
  ['structures of one byte', 0xfc, 0x00],
  ['texts of no bytes', 0xf8, 0x00],
  ['lists of nothing', 0xf9, 0x00],
  ['flags', 0xf1, 0x01],
])('refuses a footer of millions of %s in bounded memory', async (_, list, element) => {
  const count = 30_000_000;
  // Field 2 is a list; its length is a varint of four bytes.
  const head = Buffer.from([0x29, list, 0, 0, 0, 0]);
  for (let at = 2, rest = count; at < 6; at++, rest >>= 7) head[at] = (rest & 127) | (at < 5 ? 128 : 0);
  const footer = Buffer.concat([head, Buffer.alloc(count, element), Buffer.of(0)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  const path = join(folder, 'a.parquet');
  await writeFile(path, Buffer.concat([Buffer.from('PAR1'), footer, length, Buffer.from('PAR1')]));
  const before = process.memoryUsage().rss;
  const error: unknown = await ParquetImageDataset.open(path).catch((reason: unknown) => reason);
  if (!DataError.isInstance(error)) throw error;
  expect(error.message).toMatch(/footer cannot be read \(Thrift has more than 8388608 values\)/);
  expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
});
