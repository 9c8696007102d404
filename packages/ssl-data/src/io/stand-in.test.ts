import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSource, ParquetImageDataset, WebDataset } from '../index.js';

const root = await mkdtemp(join(tmpdir(), 'stand-in-'));
afterAll(() => rm(root, { recursive: true }));

const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
const page = '\n<!DOCTYPE html><html><body>Sign in</body></html>';

describe('a pointer or a page in the place of a data file', () => {
  it.each(['a.tar', 'a.parquet', 'a.npz', 'a.npy', 'a.csv', 'a.jsonl', 'train-images-idx3-ubyte.gz', 'a.mdb', 'a.bin'])(
    'is told as such: %s',
    async (name) => {
      const path = join(root, name);
      await writeFile(path, pointer);
      await expect(openSource(path)).rejects.toThrow(/: is a pointer of Git LFS, .*: git lfs pull/);
      await writeFile(path, page);
      await expect(openSource(path)).rejects.toThrow(/: is a page of HTML.*; fetch the file again/);
    },
  );

  it('is told by the data sets themselves', async () => {
    for (const [name, open] of [
      ['0.tar', (path: string) => WebDataset.open(path)],
      ['0.parquet', (path: string) => ParquetImageDataset.open(path)],
    ] as const) {
      await writeFile(join(root, name), pointer);
      await expect(open(join(root, name))).rejects.toThrow(/is a pointer of Git LFS/);
    }
  });
});
