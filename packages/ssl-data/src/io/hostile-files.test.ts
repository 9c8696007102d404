import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileReaders } from '../../../../test/support/file-readers.js';
import {
  CifarDataset,
  downloadFile,
  ImageFolderDataset,
  indexTar,
  LmdbDataset,
  openSource,
  packWebDataset,
  VolumeFolderDataset,
} from '../index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Everything that opens a file by a path, with a name that it would take. */
const readers: readonly (readonly [string, string, (path: string) => Promise<unknown>])[] = [
  ...Object.values(fileReaders()).map(({ name, file, read }) => [name, file, read] as const),
  ['a listed image', 'a.png', (path) => listed(path).then((dataset) => dataset.get(0))],
  ['a packed image', 'a.png', (path) => listed(path).then((dataset) => packWebDataset(dataset, join(folder, 'out')))],
  ['classes', 'classes.txt', (classes) => ImageFolderDataset.open(join(folder, 'photos'), { classes })],
  ['indexTar', 'b.tar', (path) => indexTar(path)],
  ['LmdbDataset, folder', 'data.mdb', () => LmdbDataset.open(folder)],
  ['CifarDataset, folder', 'test_batch.bin', () => CifarDataset.open(folder, { variant: 10, split: 'test' })],
  ['openSource', 'a.csv', (path) => openSource(path)],
  [
    'downloadFile',
    'a.bin',
    (path) => downloadFile('http://localhost:9/x', path, { sha256: '0'.repeat(64), retries: 0 }),
  ],
];

async function listed(path: string): Promise<ImageFolderDataset> {
  await writeFile(join(folder, 'list.txt'), `${path.slice(folder.length + 1)}\n`);
  return ImageFolderDataset.fromList(join(folder, 'list.txt'));
}

async function photos(): Promise<void> {
  await mkdir(join(folder, 'photos/cat'), { recursive: true });
  await writeFile(join(folder, 'photos/cat/1.gif'), 'GIF89a');
}

async function refused(read: Promise<unknown>): Promise<string> {
  const late = new Promise((resolve) => setTimeout(() => resolve('too late'), 5000));
  const result = await Promise.race([read.catch((error: unknown) => error), late]);
  if (!DataError.isInstance(result)) throw new Error(`not refused: ${String(result)}`);
  return result.message;
}

describe.each(readers)('%s', (name, file, read) => {
  it.each([
    ['a pipe', (path: string) => void execFileSync('mkfifo', [path])],
    ['a folder', (path: string) => mkdir(path)],
    ['a socket', socket],
  ])('refuses %s at once', async (kind, make) => {
    await photos();
    const path = join(folder, file);
    const close = await make(path);
    try {
      const message = await refused(read(path));
      // Elsewhere a folder is looked into, and a source is nothing that is known.
      const any = name === 'openSource' || (kind === 'a folder' && /Lmdb|Cifar|WebDataset|Parquet/.test(name));
      expect(message).toMatch(any ? /./ : /is (?:a pipe|a folder|a socket|not a file)|ENXIO/);
    } finally {
      if (typeof close === 'function') close();
    }
  });

  it('refuses a sparse file of 40 GB at once', async () => {
    await photos();
    const path = join(folder, file);
    const handle = await open(path, 'w');
    await handle.truncate(40e9);
    await handle.close();
    // Zeros are the end of an archive; all else is refused.
    const result = await (name === 'indexTar' ? read(path).then(() => 'none') : refused(read(path)));
    expect(result).toMatch(/./);
  });
});

/** A listening socket, and how to close it. */
async function socket(path: string): Promise<() => void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return () => void server.close();
}

it('passes pipes over that lie in a folder', async () => {
  execFileSync('mkfifo', [join(folder, 'a.nii')]);
  await writeFile(join(folder, 'b.nii'), 'x');
  const dataset = await VolumeFolderDataset.open(folder);
  expect([dataset.length, dataset.leftOut[0]!.kind]).toEqual([1, 'pipes, sockets and devices']);
});
