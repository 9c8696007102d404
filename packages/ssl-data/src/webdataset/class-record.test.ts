import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { serveFolder } from '../../../../test/support/serve-folder.js';
import { inspectSource } from '../cli/inspection.js';
import { packTargets } from '../cli/pack-targets.js';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { datasetFromSource } from '../dataset/dataset-from-source.js';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { subset } from '../dataset/subset.js';
import { LmdbDataset } from '../lmdb/lmdb-dataset.js';
import { packLmdb } from '../lmdb/pack-lmdb.js';
import { openSource } from '../source/open-source.js';
import { sidecarPath } from './index-sidecar.js';
import { packWebDataset } from './pack-web-dataset.js';
import { WebDataset } from './web-dataset.js';
import type { WebDatasetOptions } from './web-dataset-options.js';
import { WebDatasetWriter } from './web-dataset-writer.js';

const base = await mkdtemp(join(tmpdir(), 'class-record-'));
let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(base, String(count++));
});
afterAll(() => rm(base, { recursive: true }));
const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: '#fa3' } })
  .png()
  .toBuffer();

/** A class folder; `perro` has no image. */
async function photos(names: readonly string[] = ['ant', 'bee', 'cat'], classes?: readonly string[]) {
  const root = join(folder, `photos-${names.join('-')}`);
  for (const name of names) {
    await mkdir(join(root, name), { recursive: true });
    await writeFile(join(root, name, 'a.png'), png);
  }
  return ImageFolderDataset.open(root, classes === undefined ? {} : { classes, allowEmpty: true });
}

async function seen(location: string | readonly string[], options: WebDatasetOptions = {}) {
  const dataset = await WebDataset.open(location, { loadLabels: true, ...options });
  await dataset.close();
  return [dataset.classes, [...dataset.labels!]];
}

async function packed(dataset: Dataset<ImageSample>, name = 'packed') {
  const out = join(folder, name);
  await packWebDataset(dataset, out, { maxSamples: 2 });
  return out;
}

it('gives back names of classes, of those without samples too, from the index and from the archive', async () => {
  const classes = ['cat', 'bee', 'perro', 'ant'];
  const out = await packed(await photos(undefined, classes));
  const expected = [classes, [3, 1, 0]];
  expect(await seen(out)).toEqual(expected);
  for (const name of await readdir(out)) if (name.endsWith('.json')) await rm(join(out, name));
  expect(await seen(out)).toEqual(expected);
  expect(await seen(out)).toEqual(expected);
  // A copy that got another time has an index that is none of its own.
  const copy = join(folder, 'copy');
  await cp(out, copy, { recursive: true });
  for (const name of await readdir(copy)) await utimes(join(copy, name), 1e9, 1e9);
  expect(await seen(copy)).toEqual(expected);
  const opened = await openSource(copy, { content: 'images' });
  expect(opened.classes).toEqual(classes);
  expect(opened.leftOut).toEqual([]);
  expect((await inspectSource(copy, opened, 'white', undefined, () => {})).classes).toEqual([
    { label: 0, name: 'cat', samples: 1 },
    { label: 1, name: 'bee', samples: 1 },
    { label: 2, name: 'perro', samples: 0 },
    { label: 3, name: 'ant', samples: 1 },
  ]);
  await opened.close();
});

it('lets the list be compared with another, as that of a folder is', async () => {
  const out = await packed(await photos());
  expect(await seen(out, { classes: ['cat', 'bee', 'ant'] })).toEqual([
    ['cat', 'bee', 'ant'],
    [2, 1, 0],
  ]);
  await expect(seen(out, { classes: ['ant', 'bee'] })).rejects.toThrow(
    /has the labels 'cat', not in the option classes/,
  );
  await expect(seen(out, { classes: ['ant', 'bee', 'cat', 'dog'] })).rejects.toThrow(/nothing of the classes 'dog'/);
});

it.each(['packed', 'served'])('is there for shards on a server, with and without their index (%s)', async (kind) => {
  const out = await packed(await photos());
  if (kind === 'packed') for (const name of await readdir(out)) if (name.endsWith('.json')) await rm(join(out, name));
  const server = await serveFolder(out);
  try {
    const cache = { folder: join(folder, 'cache') };
    const url = `${server.origin}/{000000..000001}.tar`;
    expect(await seen(url, { cache })).toEqual([
      ['ant', 'bee', 'cat'],
      [0, 1, 2],
    ]);
  } finally {
    await server.close();
  }
});

it('goes through subsets, other shards, LMDB and the command', async () => {
  const names = ['ant', 'bee', 'cat'];
  const part = subset(await photos(), [2, 0]);
  expect(await seen(await packed(part, 'part'))).toEqual([names, [2, 0]]);
  const whole = await WebDataset.open(join(folder, 'part'), { classes: ['cat', 'ant'] });
  // Numbers of the list that it was opened by, and not those that are stored.
  expect(await seen(await packed(whole, 'again'))).toEqual([
    ['cat', 'ant'],
    [0, 1],
  ]);
  await packLmdb(subset(await WebDataset.open(join(folder, 'part')), [1]), join(folder, 'lmdb'));
  const database = await LmdbDataset.open(join(folder, 'lmdb'));
  expect([database.classes, [...database.labels!]]).toEqual([names, [0]]);
  expect(await seen(await packed(database, 'from-lmdb'))).toEqual([names, [0]]);
  const options = { overwrite: false, onProgress: () => {} };
  await packTargets['webdataset']!.pack(part, join(folder, 'command'), options);
  expect(await seen(join(folder, 'command'))).toEqual([names, [2, 0]]);
});

it('names classes that are texts in other shards, in the order that they had', async () => {
  const writer = await WebDatasetWriter.create(join(folder, 'texts'));
  for (const [at, name] of ['dog', 'cat'].entries())
    await writer.write({ key: String(at), members: { png, json: `{"kind":"${name}"}` } });
  await writer.close();
  const label = { extension: 'json', field: 'kind' };
  const dataset = await WebDataset.open(join(folder, 'texts'), {
    label,
    classes: ['dog', 'bird', 'cat'],
    allowEmpty: true,
  });
  expect(await seen(await packed(dataset))).toEqual([
    ['dog', 'bird', 'cat'],
    [0, 2],
  ]);
});

it('refuses shards whose numbers mean different classes, and the advice works', async () => {
  const shards = [join(await packed(await photos(['ant', 'bee']), 'a'), '000000.tar')];
  shards.push(join(await packed(await photos(['bee', 'cat']), 'b'), '000000.tar'));
  await expect(seen(shards)).rejects.toThrow(
    /b.000000.tar: has the classes 'bee', 'cat', and '.*a.000000.tar' has 'ant', 'bee'; pass classes, a list of all/,
  );
  expect(await seen(shards, { classes: ['cat', 'bee', 'ant'] })).toEqual([
    ['cat', 'bee', 'ant'],
    [2, 1, 1, 0],
  ]);
  const plain = new ImageArrayDataset({ data: new Uint8Array(12), shape: [1, 2, 2, 3] }, [1]);
  shards[1] = join(await packed(plain, 'c'), '000000.tar');
  await expect(seen(shards)).rejects.toThrow(/c.000000.tar: does not name its classes, .* or pass label: 'none'/);
  const unlabelled = await WebDataset.open(shards, { label: 'none' });
  expect([unlabelled.length, unlabelled.classes]).toEqual([3, []]);
  expect(await seen(shards[1]!)).toEqual([[], [1]]);
});

it('refuses labels beyond the names, in the writer and in the reader', async () => {
  const classes = ['ant', 'bee'];
  const writer = await WebDatasetWriter.create(join(folder, 'written'), { classes });
  for (const cls of ['2', 'ant', '-2'])
    await expect(writer.write({ key: 'a', members: { png, cls } })).rejects.toThrow(/a cls from 0 to 1, .* -1/);
  await writer.write({ key: 'a', members: { png, cls: '-1' } });
  await writer.write({ key: 'b', members: { png, cls: '1' } });
  const { shards } = await writer.close();
  expect(await seen(shards)).toEqual([classes, [-1, 1]]);
  const bytes = await readFile(shards[0]!);
  bytes[bytes.lastIndexOf('b.cls') + 512] = 0x32;
  await writeFile(shards[0]!, bytes);
  await rm(sidecarPath(shards[0]!));
  const damaged = await WebDataset.open(shards);
  const thread = await datasetFromSource(structuredClone(damaged.source));
  for (const dataset of [damaged, thread])
    await expect(dataset.get(1)).rejects.toThrow(
      /'b.cls' holds the class 2, and the shard names 2 classes, from 0 to 1/,
    );
  await damaged.close();
  await (thread as WebDataset).close();
});

it('leaves a member of that name alone that another program wrote', async () => {
  const writer = await WebDatasetWriter.create(join(folder, 'strange'), { classes: ['ant', 'bee'] });
  await writer.write({ key: 'a', members: { png, cls: '1' } });
  const { shards } = await writer.close();
  const bytes = await readFile(shards[0]!);
  bytes.write('["ant","ant"]', bytes.indexOf('["ant","bee"]'));
  await writeFile(shards[0]!, bytes);
  await rm(sidecarPath(shards[0]!));
  const dataset = await WebDataset.open(shards, { loadLabels: true });
  expect([dataset.classes, [...dataset.labels!]]).toEqual([[], [1]]);
  expect(dataset.leftOut).toMatchObject([{ count: 1, names: ['__classes__'] }]);
  await dataset.close();
});
