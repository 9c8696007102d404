import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFolder } from './make-folder.js';
import { writeWhole } from './write-whole.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ssl-make-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('makes a folder and its parents, and leaves one that is there', async () => {
  const deep = join(folder, 'a', 'b', 'c');
  await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(folder, 'a', 'b'))]);
  await makeFolder(deep);
  expect(statSync(deep).isDirectory()).toBe(true);
  symlinkSync(deep, join(folder, 'link'));
  await makeFolder(join(folder, 'link'));
});

it('tells of what is in the way', async () => {
  writeFileSync(join(folder, 'file'), '');
  symlinkSync(join(folder, 'gone'), join(folder, 'dangling'));
  await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(folder, 'file', 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(makeFolder(join(folder, 'dangling'))).rejects.toMatchObject({ code: 'EEXIST' });
});

function mountReadOnly(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,ro', 'none', at], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it('tells of a file system that is read-only, and not of a missing folder', async (context) => {
  const at = join(folder, 'mounted');
  await makeFolder(at);
  if (!mountReadOnly(at)) return context.skip('no file system may be mounted here');
  try {
    await expect(makeFolder(join(at, 'a', 'b'))).rejects.toMatchObject({ code: 'EROFS' });
    await expect(writeWhole(join(at, 'a', 'b'), 'x', { makeFolder: true })).rejects.toThrow(
      'the file system is read-only (EROFS)',
    );
  } finally {
    execFileSync('umount', [at]);
  }
});
