import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { CifarDataset } from '../dataset/cifar-dataset.js';
import { callExport } from '../io/import-export.js';
import { openNpz } from '../io/open-npz.js';
import { tarEnd, tarHeaderBlocks } from '../webdataset/tar-blocks.js';
import { openSource } from './open-source.js';

const base = await mkdtemp(join(tmpdir(), 'empty-lists-'));
afterAll(() => rm(base, { recursive: true }));

async function file(name: string, bytes: Uint8Array | string): Promise<string> {
  await writeFile(join(base, name), bytes);
  return join(base, name);
}

const emptyZip = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]);
const members = (...names: string[]) => Buffer.concat([...names.map((name) => tarHeaderBlocks(name, 0)), tarEnd]);

const makers: Record<string, readonly [() => Promise<unknown>, string]> = {
  'an archive without members': [
    async () => openSource(await file('empty.tar', tarEnd)),
    'holds no files that make samples, named by a key and an extension such as 0001.jpg (the archive is empty); pack it anew',
  ],
  'an archive whose members are no samples': [
    async () => openSource(await file('hidden.tar', members('README', '.hidden', 'LICENSE'))),
    'such as 0001.jpg, but 2 no ending, 1 hidden files; pack it anew',
  ],
  'an archive of arrays without any': [
    async () => openSource(await file('empty.npz', emptyZip)),
    'has none of images, x, x_train, arr_0; it holds no arrays, so write it anew with np.savez',
  ],
  'CIFAR without arrays': [
    async () => CifarDataset.open(await file('cifar.npz', emptyZip), { variant: 10, split: 'train' }),
    'has none of x_train, images; it holds no arrays, so write it anew with np.savez',
  ],
  'an array of no arrays': [
    async () => (await openNpz(await file('none.npz', emptyZip))).get('x'),
    "has no array 'x'; it holds no arrays",
  ],
  'a module without exports': [
    async () => callExport({ module: pathToFileURL(await file('none.mjs', '')).href, exportName: 'make' }),
    "has no function 'make'; export it: the module exports nothing",
  ],
};

it.each(Object.keys(makers))('the message about %s says that there is nothing, and lists nothing', async (name) => {
  const [open, text] = makers[name]!;
  const error = await open().catch((reason: unknown) => reason);
  expect(String(error)).toContain(text);
  expect(String(error)).not.toMatch(/but nothing|\(\)| : |: ,|has ;/);
});
