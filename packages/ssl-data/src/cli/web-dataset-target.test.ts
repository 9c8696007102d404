import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, ndArray } from '@selfsup/ssl-core';
import { FolderLock, temporaryName } from '@selfsup/ssl-core/files';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ArrayDataset } from '../dataset/array-dataset.js';
import { webDatasetTarget } from './web-dataset-target.js';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'ssl-target-'));
});
afterEach(() => rm(out, { recursive: true }));

const dataset = new ArrayDataset([{ image: ndArray(new Uint8Array(12), [2, 2, 3]) }]);
const pack = (onProgress = () => {}) => webDatasetTarget.pack(dataset, out, { overwrite: false, onProgress });

it('is one packing at a time', async () => {
  let second: unknown;
  const attempts: Promise<unknown>[] = [];
  await pack(() => void attempts.push(pack().catch((error: unknown) => (second = error))));
  await Promise.all(attempts);
  expect(DataError.isInstance(second)).toBe(true);
  expect(String(second)).toMatch(/in use by this very process.*ssl-data pack/);
  expect((await readdir(out)).sort()).toEqual(['000000.tar', '000000.tar.index.json']);
});

it('clears what a killed packing left, and nothing else', async () => {
  const stage = join(out, '.pack-ssl-data');
  await mkdir(stage);
  const dead = (name: string): string => temporaryName(join(stage, name)).replace(/-\d+-/, '-4194303-');
  await writeFile(join(stage, '000000.tar'), 'half a data set');
  await writeFile(join(stage, '000000.tar.index.json'), '{}');
  await writeFile(dead('000001.tar'), 'half');
  await writeFile(join(out, 'notes.tmp'), 'mine');
  const lock = await FolderLock.acquire(stage, { purpose: 'another packing' });
  await expect(pack()).rejects.toThrow(/in use by .*another packing/);
  expect((await readdir(stage)).length).toBe(4);
  await lock.release();
  await pack();
  expect((await readdir(out)).sort()).toEqual(['000000.tar', '000000.tar.index.json', 'notes.tmp']);
});
