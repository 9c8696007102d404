import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from 'ssl-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ImageFolderDataset, ManifestDataset } from '../index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blank-'));
});
afterEach(() => rm(folder, { recursive: true }));

const opened = {
  'a.jsonl': (path: string) => ManifestDataset.open(path),
  'a.lst': (path: string) => ImageFolderDataset.fromList(path),
  'a.csv': (path: string) => ManifestDataset.open(path),
};

it.each([
  ['a.jsonl', '{"image":"a.png"}\n', /line 1000001 is blank as the 1000000 before it; remove blank lines/],
  ['a.lst', 'a.png\n', /line 1000001 is blank as the 1000000 before it/],
  ['a.csv', 'image\na.png\n', /line \d+ is in a row of more than 65536 bytes; look for .* blank lines/],
] as const)('ends at blank lines without end: %s', async (name, row, message) => {
  const path = join(folder, name);
  // 64 MB in 64 KB; 2 GiB are refused at the same place.
  await writeFile(path, gzipSync(Buffer.concat([Buffer.from(row), Buffer.alloc(2 ** 26, '\n')])));
  const start = performance.now();
  const error: unknown = await opened[name](path).catch((reason: unknown) => reason);
  expect(performance.now() - start).toBeLessThan(4000);
  if (!DataError.isInstance(error)) throw error;
  expect(error.message).toMatch(message);
  await writeFile(path, `${row}${'\n'.repeat(1000)}${name === 'a.csv' ? 'b.png\n' : row}`);
  expect((await opened[name](path)).length).toBe(2);
});
