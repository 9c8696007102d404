import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { temporaryName } from '@selfsup/ssl-core/files';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebDataset } from './web-dataset.js';
import { WebDatasetWriter } from './web-dataset-writer.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssl-own-shards-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function pack(options: { overwrite?: boolean; pattern?: string } = {}, samples = 2): Promise<void> {
  const writer = await WebDatasetWriter.create(folder, { maxSamples: 1, ...options });
  for (let index = 0; index < samples; index++) await writer.write({ key: `s${index}`, members: { png: `${index}` } });
  await writer.close();
}

it('replaces what it wrote, short names and long ones, and nothing of other programs', async () => {
  await pack();
  const stranger = join(folder, '000007.tar');
  for (const name of ['package.tar', 'gnu.tar', 'pax.tar']) {
    await cp(join(import.meta.dirname, '../../../../test/golden/webdataset', name), stranger);
    const before = await readFile(stranger);
    await expect(pack({ overwrite: true })).rejects.toSatisfy(
      (error) => DataError.isInstance(error) && /000007\.tar: was not written by ssl-data/.test(error.message),
    );
    expect(await readFile(stranger)).toEqual(before);
  }
  // Reading makes an index beside it, which does not make it ours.
  await (await WebDataset.open(stranger, { label: 'none', imageExtensions: ['jpg', 'png', 'bin'] })).close();
  await expect(pack({ overwrite: true })).rejects.toThrow(/000007\.tar: was not written/);
  expect((await readdir(folder)).filter((name) => name.endsWith('.tar'))).toHaveLength(3);
  // The advice: moved away, the others are replaced.
  await rm(stranger);
  await pack({ overwrite: true }, 1);
  expect((await readdir(folder)).filter((name) => name.endsWith('.tar'))).toEqual(['000000.tar']);
  for (const key of ['ü'.repeat(400), `${'a'.repeat(90)}/${'b'.repeat(80)}`]) {
    const writer = await WebDatasetWriter.create(folder, { overwrite: true });
    await writer.write({ key, members: { png: 'x' } });
    await writer.close();
  }
  await pack({ overwrite: true }, 1);
});

it('replaces no link, no folder and no file that is no archive', async () => {
  const shard = join(folder, '000000.tar');
  await symlink(join(folder, 'elsewhere'), shard);
  await expect(pack({ overwrite: true })).rejects.toThrow(/000000\.tar: was not written by ssl-data/);
  await rm(shard);
  await mkdir(shard);
  await expect(pack({ overwrite: true })).rejects.toThrow(/000000\.tar: was not written by ssl-data/);
  await rm(shard, { recursive: true });
  for (const bytes of [Buffer.from('my notes'), Buffer.alloc(1024), Buffer.alloc(0)]) {
    await writeFile(shard, bytes);
    await expect(pack({ overwrite: true })).rejects.toThrow(/000000\.tar: was not written by ssl-data/);
    expect(await readFile(shard)).toEqual(bytes);
  }
});

it('is one writer for a pattern at a time; others may use the folder', async () => {
  const first = await WebDatasetWriter.create(folder);
  await expect(WebDatasetWriter.create(folder)).rejects.toThrow(/in use by .*writing %06d\.tar/);
  await pack({ pattern: 'val-%d.tar' }, 1);
  await first.abort();
  await pack({}, 1);
  expect((await readdir(folder)).filter((name) => name.endsWith('.tar')).sort()).toEqual(['000000.tar', 'val-0.tar']);
});

it('clears what a dead writer left, and nothing of a living one', async () => {
  const own = temporaryName('000003.tar');
  const dead = own.replace(/-\d+-/, '-4194303-');
  for (const name of [own, dead, 'notes.tmp']) await writeFile(join(folder, name), 'half');
  await pack({}, 1);
  expect((await readdir(folder)).sort()).toEqual(['000000.tar', '000000.tar.index.json', own, 'notes.tmp'].sort());
});
