import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError } from '../errors/data-error.js';
import { clearLeftovers } from './clear-leftovers.js';
import { temporaryName, writerOf } from './temporary-name.js';
import { writeWhole } from './write-whole.js';
import { livenessOf, ownIdentity } from './writer-identity.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssl-core-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A name as a process gives it that has ended since. */
function nameOfDeadProcess(): string {
  const source = fileURLToPath(new URL('./temporary-name.ts', import.meta.url));
  const script = `import { temporaryName } from ${JSON.stringify(source)}; console.log(temporaryName('a.bin'));`;
  const node = ['--import', 'tsx', '--conditions=ssl-source', '--input-type=module', '-e', script];
  return execFileSync(process.execPath, node, { encoding: 'utf8', timeout: 50_000 }).trim();
}

describe('temporaryName', () => {
  it('never gives a name twice and tells its writer', () => {
    const names = Array.from({ length: 1000 }, () => temporaryName('/x/a.bin'));
    expect(new Set(names).size).toBe(1000);
    expect(names[0]!.startsWith('/x/a.bin.')).toBe(true);
    expect(writerOf(names[0]!)).toEqual(ownIdentity());
    expect(livenessOf(ownIdentity())).toBe('alive');
  });

  it.each(['a.tmp', 'a.1234.tmp', 'a.1234-0-1.tmp', 'a.bin', '.tmp'])('takes %s for no name of its own', (name) => {
    expect(writerOf(name)).toBeUndefined();
  });

  it('tells a process from an earlier one with the same id', () => {
    const { space, pid } = ownIdentity();
    expect(livenessOf({ space, pid, started: '1' })).toBe('dead');
    expect(livenessOf({ space: '0123456789ab', pid, started: '1' })).toBe('unknown');
  });
});

describe('clearLeftovers', () => {
  it('removes what dead writers left, and nothing else', async () => {
    const dead = nameOfDeadProcess();
    const living = temporaryName('b.bin');
    const { pid } = ownIdentity();
    const foreignOld = `c.bin.0123456789ab-${pid}-77-0123456789abcdef.tmp`;
    const foreignNew = `d.bin.0123456789ab-${pid}-77-0123456789abcdef.tmp`;
    const others = ['e.tmp', 'f.123.tmp', 'a.bin'];
    for (const name of [dead, living, foreignOld, foreignNew, ...others]) await writeFile(join(folder, name), 'x');
    await utimes(join(folder, foreignOld), Date.now() / 1000 - 3700, Date.now() / 1000 - 3700);
    expect([...(await clearLeftovers(folder))].sort()).toEqual([dead, foreignOld].sort());
    expect((await readdir(folder)).sort()).toEqual([living, foreignNew, ...others].sort());
    expect(await clearLeftovers(folder, { locked: true })).toEqual([foreignNew]);
    expect((await readdir(folder)).sort()).toEqual([living, ...others].sort());
  });

  it('finds nothing in a folder that is not there', async () => {
    expect(await clearLeftovers(join(folder, 'none'))).toEqual([]);
  });
});

describe('writeWhole', () => {
  it('writes parts in order and leaves nothing beside them', async () => {
    const path = join(folder, 'deep', 'a.txt');
    async function* parts(): AsyncGenerator<string | Uint8Array> {
      yield 'ä';
      yield Uint8Array.of(66, 67);
    }
    await writeWhole(path, parts(), { makeFolder: true });
    expect(await readFile(path, 'utf8')).toBe('äBC');
    await writeWhole(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(join(folder, 'deep'))).toEqual(['a.txt']);
  });

  it('keeps the old file when the parts fail, and throws what they throw', async () => {
    const path = join(folder, 'a.txt');
    await writeWhole(path, 'old');
    function* parts(): Generator<string> {
      yield 'new';
      throw new RangeError('mine');
    }
    await expect(writeWhole(path, parts())).rejects.toThrow(new RangeError('mine'));
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a.txt']);
  });

  it('says what is wrong with the place, and what helps', async () => {
    await writeFile(join(folder, 'file'), '');
    await mkdir(join(folder, 'folder', 'full'), { recursive: true });
    await symlink('loop', join(folder, 'loop'));
    for (const [path, message] of [
      ['none/a.txt', /none\/a\.txt: cannot be written: no such file or folder \(ENOENT\)\. Check the path/],
      ['file/a.txt', /ENOTDIR/],
      ['folder', /EISDIR|EEXIST|ENOTEMPTY/],
      ['loop/a.txt', /ELOOP/],
      ['x'.repeat(300), /ENAMETOOLONG/],
    ] as const) {
      const error: unknown = await writeWhole(join(folder, path), 'x').catch((cause: unknown) => cause);
      expect(DataError.isInstance(error)).toBe(true);
      expect((error as DataError).message).toMatch(message);
    }
    expect((await readdir(folder)).sort()).toEqual(['file', 'folder', 'loop']);
  });
});
