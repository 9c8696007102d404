import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { FolderLock } from '@selfsup/ssl-core/files';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LoadedRecipe } from '../recipes/load-recipe.js';
import { loadRecipe } from '../recipes/load-recipe.js';
import { RunDirectory } from './run-directory.js';
import type { Existing } from './run-directory.js';

let base: string;
let recipe: LoadedRecipe;
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'ssl-run-'));
  recipe = await loadRecipe('smoke-text');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(base, { recursive: true, force: true });
});

/** Files of a folder and their contents, without locks. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== '.ssl-lock');
  return Object.fromEntries(
    await Promise.all(
      files.map(async (entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return [path.relative(folder, file), await readFile(file, 'utf8')] as const;
      }),
    ),
  );
}

async function begun(folder: string, existing: Existing = 'refuse'): Promise<RunDirectory> {
  return RunDirectory.begin(folder, recipe, existing);
}

it.each(['refuse', 'resume', 'replace'] as const)('leaves the files of strangers alone: %s', async (existing) => {
  for (const [name, text] of [
    ['artifacts/precious.txt', 'mine'],
    ['checkpoints/step-00000005.safetensors', 'mine, too'],
    ['report.html', 'a report of mine'],
    ['run.json', '{"name":"of another program"}'],
    ['notes.txt', 'hello'],
  ] as const) {
    const folder = path.join(base, name.replaceAll('/', '-'));
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
    await expect(begun(folder, existing)).rejects.toSatisfy(
      (error) => DataError.isInstance(error) && /choose (a folder that is new|another folder)/.test(error.message),
    );
    expect(await contents(folder)).toEqual({ [name]: text });
    expect(await readdir(folder)).not.toContain('.ssl-lock');
  }
});

it('replaces what its record lists, and leaves what was added', async () => {
  const first = await begun(base);
  await first.writeSealed('artifacts/one.json', { value: 1 });
  await first.declare('checkpoints/step-00000002.safetensors');
  await first.close();
  await mkdir(path.join(base, 'checkpoints'));
  await writeFile(path.join(base, 'checkpoints/step-00000002.safetensors'), 'state');
  await writeFile(path.join(base, 'artifacts/notes.txt'), 'mine');
  const second = await begun(base, 'replace');
  await second.close();
  expect(Object.keys(await contents(base)).sort()).toEqual(['artifacts/notes.txt', 'run.json', 'written.json']);
});

it('takes up what was written under a name that nobody foresaw, such as the checkpoint of a stop', async () => {
  const name = 'checkpoints/step-00000001.safetensors';
  const first = await begun(base);
  await mkdir(path.join(base, 'checkpoints'));
  await writeFile(path.join(base, name), 'state');
  await expect(first.declare(name)).rejects.toThrow(/is in the way/);
  await first.adopt(name);
  await first.declare(name);
  await first.close();
  await (await begun(base, 'replace')).close();
  expect(Object.keys(await contents(base)).sort()).toEqual(['run.json', 'written.json']);
});

it('removes nothing of a run where somebody else has put a file that is in the way', async () => {
  const first = await begun(base);
  await first.writeSealed('artifacts/one.json', { value: 1 });
  await first.close();
  await mkdir(path.join(base, 'checkpoints'));
  await writeFile(path.join(base, 'checkpoints/step-00000009.safetensors'), 'mine');
  const before = await contents(base);
  await expect(begun(base, 'replace')).rejects.toThrow(/step-00000009\.safetensors: is in the way/);
  expect(await contents(base)).toEqual(before);
  // The advice: moved away, it begins.
  await rename(path.join(base, 'checkpoints/step-00000009.safetensors'), path.join(base, 'kept'));
  await (await begun(base, 'replace')).close();
});

it('removes nothing through a link, and nothing that a changed record names', async () => {
  const [run, precious] = [path.join(base, 'run'), path.join(base, 'precious')];
  const first = await begun(run);
  await first.writeSealed('artifacts/one.json', { value: 1 });
  await first.close();
  await rename(path.join(run, 'artifacts'), precious);
  await symlink(precious, path.join(run, 'artifacts'));
  await (await begun(run, 'replace')).close();
  expect(await readdir(precious)).toEqual(['one.json']);
  const record = path.join(run, 'written.json');
  await writeFile(record, (await readFile(record, 'utf8')).replace('"log.jsonl"', '"../precious/one.json"'));
  await expect(begun(run, 'replace')).rejects.toThrow(/written\.json: is damaged or was changed/);
  expect(await readdir(precious)).toEqual(['one.json']);
});

it('refuses what is no place for a run, and says what would be', async () => {
  await writeFile(path.join(base, 'file'), 'mine');
  await symlink(path.join(base, 'nowhere'), path.join(base, 'dangling'));
  await mkdir(path.join(base, 'repository', '.git'), { recursive: true });
  await mkdir(path.join(base, 'real'));
  await symlink(path.join(base, 'real'), path.join(base, 'link'));
  vi.stubEnv('HOME', path.join(base, 'real'));
  for (const [folder, message] of [
    [path.join(base, 'file'), /no folder/],
    [path.join(base, 'dangling'), /a link to nothing/],
    [path.join(base, 'link'), /a link; give the folder itself, .*real/],
    [path.join(base, 'repository'), /a repository/],
    [homedir(), /the home folder/],
    ['/', /the root/],
  ] as const)
    await expect(begun(folder)).rejects.toSatisfy(
      (error) => InvalidOptionError.isInstance(error) && message.test(error.message),
    );
  await expect(begun(path.join(base, 'file', 'run'))).rejects.toThrow(/ENOTDIR/);
});

it('is one process at a time, and readers need no lock', async () => {
  const first = await begun(base);
  for (const existing of ['refuse', 'resume', 'replace'] as const)
    await expect(begun(base, existing)).rejects.toThrow(/in use by .*process \d+ .*ssl-benchmark run smoke-text/);
  expect((await RunDirectory.open(base))?.config.name).toBe('smoke-text');
  await first.close();
  await (await begun(base, 'resume')).close();
});

it('clears what a dead run left, of whatever process id', async () => {
  const first = await begun(base);
  await first.writeSealed('artifacts/one.json', { value: 1 });
  await first.close();
  // As a process of this machine leaves it that is dead: no process has this id.
  const [name] = (await leftoverNames())!;
  await writeFile(path.join(base, 'artifacts', name!), 'half');
  await (await begun(base, 'resume')).close();
  expect(await readdir(path.join(base, 'artifacts'))).toEqual(['one.json']);
});

/** A temporary name of this machine, of a process that is dead. */
async function leftoverNames(): Promise<string[]> {
  const { temporaryName } = await import('@selfsup/ssl-core/files');
  return [temporaryName('two.json').replace(/-\d+-/, '-4194303-')];
}

it('notices that its folder was deleted, or another one put in its place', async () => {
  const folder = path.join(base, 'run');
  const run = await begun(folder);
  await rm(folder, { recursive: true });
  await expect(run.writeSealed('artifacts/one.json', {})).rejects.toThrow(
    /was deleted or replaced while the run wrote/,
  );
  await mkdir(path.join(base, 'other'));
  await rename(path.join(base, 'other'), folder);
  await expect(run.declare('log.jsonl')).rejects.toThrow(/was deleted or replaced/);
  expect(await readdir(folder)).toEqual([]);
  await run.close();
});

it('writes nothing more where another process has taken the folder over', async () => {
  const folder = path.join(base, 'taken');
  const run = await begun(folder);
  // What one does that takes this process for dead.
  await rm(path.join(folder, '.ssl-lock'));
  const other = await FolderLock.acquire(folder, { purpose: 'another run' });
  const before = await readdir(folder);
  for (const write of [
    () => run.writeSealed('artifacts/one.json', {}),
    () => run.write('report.html', 'x'),
    () => run.declare('checkpoints/a'),
    () => run.adopt('checkpoints/a'),
    () => run.checkPresent(),
  ])
    await expect(write()).rejects.toThrow(/taken: was taken over by another process, .* run again with another --out/);
  expect(await readdir(folder)).toEqual(before);
  await run.close();
  expect(await other.isHeld()).toBe(true);
  await other.release();
});

it('sees damage in what it reads back', async () => {
  const run = await begun(base);
  await run.writeSealed('artifacts/one.json', { value: 1.25, list: [{ b: 1, a: null }] });
  await run.close();
  const file = path.join(base, 'run.json');
  const bytes = await readFile(file);
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 4;
    await writeFile(file, damaged);
    // Only white space may differ unseen.
    const opened = await RunDirectory.open(base).catch((error: unknown) => error);
    expect(
      DataError.isInstance(opened) ||
        JSON.stringify(JSON.parse(damaged.toString())) === JSON.stringify(JSON.parse(bytes.toString())),
    ).toBe(true);
  }
});
