import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSource } from '../source/open-source.js';
import { ImageFolderDataset } from './image-folder-dataset.js';
import { listFiles } from './list-files.js';
import { stringAt } from './string-table.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'list-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function put(name: string, bytes: string | Uint8Array = ''): Promise<void> {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await writeFile(join(root, name), bytes);
}

async function listed(): Promise<readonly [paths: string[], leftOut: unknown]> {
  const { paths, leftOut } = await listFiles(root, { wanted: /\.png$/i });
  return [Array.from({ length: paths.lengths.length }, (_, i) => stringAt(paths, i)), leftOut];
}

describe('what an image folder leaves out', () => {
  it('is counted and named by ending', async () => {
    for (const name of ['a.JPG', 'b.jfif', 'c.JPE', 'd.heic', 'e.HEIC', 'f', 'g.txt', '.hidden.heic']) await put(name);
    for (let index = 0; index < 7; index++) await put(`${9 - index}.raw`);
    const dataset = await ImageFolderDataset.open(root);
    expect(Array.from({ length: dataset.length }, (_, i) => dataset.path(i).slice(root.length + 1))).toEqual([
      'a.JPG',
      'b.jfif',
      'c.JPE',
    ]);
    expect(dataset.leftOut).toEqual([
      { kind: '.raw', count: 7, names: ['3.raw', '4.raw', '5.raw', '6.raw', '7.raw'] },
      { kind: '.heic', count: 2, names: ['d.heic', 'e.HEIC'] },
      { kind: '.txt', count: 1, names: ['g.txt'] },
      { kind: 'no ending', count: 1, names: ['f'] },
    ]);
  });

  it('may be known by first bytes, as the message for a folder of nothing else advises', async () => {
    await put('one', 'GIF89a');
    await put('two.dat', 'GIF89a');
    await put('three', 'text');
    await expect(ImageFolderDataset.open(root)).rejects.toThrow(
      /holds no images; .*, and found 2 no ending, 1 .dat \(such as one\); .*pass recognise: 'contents'/,
    );
    const dataset = await ImageFolderDataset.open(root, { recognise: 'contents' });
    expect([dataset.length, dataset.leftOut]).toEqual([2, [{ kind: 'no ending', count: 1, names: ['three'] }]]);
    await rm(join(root, 'one'));
    await rm(join(root, 'two.dat'));
    await expect(ImageFolderDataset.open(root, { recognise: 'contents' })).rejects.toThrow(/none begins as an image/);
  });

  it('keeps few kinds, whatever strangers call their files', async () => {
    await put('a.png');
    await Promise.all(Array.from({ length: 400 }, (_, i) => put(`x.e${i}`)));
    await put(`x.${'y'.repeat(200)}`);
    const { leftOut } = await ImageFolderDataset.open(root);
    expect(leftOut.length).toBeLessThanOrEqual(257);
    expect(leftOut.reduce((sum, { count }) => sum + count, 0)).toBe(401);
    expect(leftOut[0]).toMatchObject({ kind: 'other endings' });
  });
});

describe('folders that systems make', () => {
  it('are no classes, and pictures in them are not read; both are counted', async () => {
    await put('cat/a.png');
    await put('cat/@eaDir/a.png/SYNOPHOTO_THUMB_M.png');
    await put('__MACOSX/cat/._a.png');
    for (const name of ['$RECYCLE.BIN', 'System Volume Information', 'lost+found', '#recycle'])
      await mkdir(join(root, name));
    const dataset = await ImageFolderDataset.open(root);
    expect([dataset.length, dataset.classes]).toEqual([1, ['cat']]);
    expect(dataset.leftOut).toEqual([
      {
        kind: 'folders of the system',
        count: 6,
        names: ['#recycle', '$RECYCLE.BIN', 'System Volume Information', '__MACOSX', 'cat/@eaDir'],
      },
    ]);
  });

  it('does not make a flat folder one of classes', async () => {
    await put('a.png');
    await put('__MACOSX/a.png');
    const { dataset, kind } = await openSource(root);
    expect([kind, dataset.length]).toEqual(['image-folder', 1]);
  });
});

describe('links, pipes and folders that cannot be read', () => {
  it('are left out, and the rest stays usable', async () => {
    await put('cat/a.png');
    await symlink('nowhere.png', join(root, 'cat/dangling.png'));
    await symlink('/proc/none/else', join(root, 'cat/gone'));
    await symlink('loop-b', join(root, 'cat/loop-a'));
    await symlink('loop-a', join(root, 'cat/loop-b'));
    await symlink('..', join(root, 'cat/up'));
    await symlink('a.png', join(root, 'cat/twin.png'));
    execFileSync('mkfifo', [join(root, 'cat/pipe.png')]);
    expect(await listed()).toEqual([
      ['cat/a.png', 'cat/twin.png'],
      [
        { kind: 'links to nothing', count: 4, names: ['cat/dangling.png', 'cat/gone', 'cat/loop-a', 'cat/loop-b'] },
        { kind: 'links to a folder above', count: 1, names: ['cat/up'] },
        { kind: 'pipes, sockets and devices', count: 1, names: ['cat/pipe.png'] },
      ],
    ]);
    const dataset = await ImageFolderDataset.open(root);
    expect([dataset.length, dataset.classes]).toEqual([2, ['cat']]);
  });

  it('count as classes where they stand for one, so that no number shifts', async () => {
    await put('cat/a.png');
    await put('dog/b.png');
    await symlink('nowhere', join(root, 'bee'));
    await symlink('nowhere.png', join(root, 'c.png'));
    await expect(ImageFolderDataset.open(root)).rejects.toThrow(/class folders 'bee' hold nothing that can be read/);
    const dataset = await ImageFolderDataset.open(root, { allowEmpty: true });
    expect([dataset.classes, [...dataset.labels!]]).toEqual([
      ['bee', 'cat', 'dog'],
      [1, 2],
    ]);
  });

  it.skipIf(process.getuid?.() === 0)('are left out for their rights', async () => {
    await put('cat/a.png');
    await put('cat/locked/b.png');
    await chmod(join(root, 'cat/locked'), 0);
    try {
      expect(await listed()).toEqual([
        ['cat/a.png'],
        [{ kind: 'unreadable folders', count: 1, names: ['cat/locked'] }],
      ]);
    } finally {
      await chmod(join(root, 'cat/locked'), 0o700);
    }
  });

  it('end the listing where links would multiply it, or folders are too deep', async () => {
    // Two links in each of thirty folders: 2^30 paths.
    for (let level = 0; level < 30; level++) {
      await mkdir(join(root, `d${level}`));
      for (const name of ['x', 'y']) await symlink(join(root, `d${level + 1}`), join(root, `d${level}`, name));
    }
    await put('d30/a.png');
    const start = performance.now();
    const error: unknown = await listed().catch((reason: unknown) => reason);
    expect(performance.now() - start).toBeLessThan(5000);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(/is the same folder as 16 others, by links; remove some of the links/);
    await rm(root, { recursive: true });
    await mkdir(join(root, 'd/'.repeat(70)), { recursive: true });
    await expect(listed()).rejects.toThrow(/nested deeper than 64; move the files up/);
  });
});
