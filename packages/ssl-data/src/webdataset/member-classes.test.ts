import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasetFromSource } from '../dataset/dataset-from-source.js';
import { sidecarPath } from './index-sidecar.js';
import { paddingOf, tarEnd, tarHeaderBlocks } from './tar-blocks.js';
import { WebDataset } from './web-dataset.js';
import type { WebDatasetOptions } from './web-dataset-options.js';

/** Enough of a picture to be known as one. */
const gif = 'GIF89a';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'members-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A shard as any tar program writes it. */
async function shard(members: readonly (readonly [name: string, content: string])[]): Promise<string> {
  const path = join(folder, 'a.tar');
  const blocks = members.flatMap(([name, content]) => [
    tarHeaderBlocks(name, content.length),
    Buffer.from(content),
    Buffer.alloc(paddingOf(content.length)),
  ]);
  await writeFile(path, Buffer.concat([...blocks, tarEnd]));
  return path;
}

const labelled = (...labels: string[]) =>
  labels.flatMap((label, index) => [[`${index}.gif`, gif] as const, [`${index}.cls`, label] as const]);

async function classesOf(path: string, options: WebDatasetOptions = {}) {
  const dataset = await WebDataset.open(path, options);
  await dataset.close();
  return [dataset.classes, dataset.labels && [...dataset.labels]];
}

describe('classes that are texts', () => {
  it('are numbered in the order of the sorted names, or by a given list', async () => {
    const path = await shard(labelled('dog\n', 'cat', 'dog', 'bee'));
    expect(await classesOf(path)).toEqual([
      ['bee', 'cat', 'dog'],
      [2, 1, 2, 0],
    ]);
    const classes = ['dog', 'bee', 'cat'];
    expect(await classesOf(path, { classes })).toEqual([classes, [0, 2, 0, 1]]);
    await expect(classesOf(path, { classes: ['dog', 'bee'] })).rejects.toThrow(/'1.cls' has the label 'cat', not in/);
    await expect(classesOf(path, { classes: [...classes, 'x'] })).rejects.toThrow(/nothing of the classes 'x'/);
    const { source } = await WebDataset.open(path);
    expect([...((await datasetFromSource(structuredClone(source))) as WebDataset).labels!]).toEqual([2, 1, 2, 0]);
  });

  it('are named as such where the first looks like a number, and the advice works', async () => {
    const path = await shard(labelled('7', 'cat'));
    const dataset = await WebDataset.open(path);
    await expect(dataset.loadLabels()).rejects.toThrow(
      /'1.cls' holds no class, .*; pass label: \{ extension: 'cls', kind: 'names' \}/,
    );
    await dataset.close();
    expect(await classesOf(path, { label: { extension: 'cls', kind: 'names' } })).toEqual([
      ['7', 'cat'],
      [0, 1],
    ]);
  });

  it('are no numbers that are no class, unless asked for, as the message advises', async () => {
    const path = await shard(labelled('1.5', 'NaN'));
    await expect(classesOf(path)).rejects.toThrow(
      "'0.cls' has the label 1.5, a number that is no class; classes are 0, 1, 2 and so on, -1 is no label, and kind: 'names' in label takes it as a name",
    );
    expect(await classesOf(path, { label: { extension: 'cls', kind: 'names' } })).toEqual([
      ['1.5', 'NaN'],
      [0, 1],
    ]);
  });

  it('have no control characters, as numbers in binary and UTF-16 have', async () => {
    for (const text of ['\0\0\0\0\0\0\0\x01', 'c\0a\0t\0', 'a\x1b[31m']) {
      const path = await shard(labelled(text, 'dog'));
      await expect(classesOf(path, { label: { extension: 'cls', kind: 'names' } })).rejects.toThrow(
        "'0.cls' holds no class, a text in UTF-8 of at most 4096 bytes without control characters",
      );
    }
  });

  it('of JSON too', async () => {
    const path = await shard([
      ['0.gif', gif],
      ['0.json', '{"kind":"b"}'],
      ['1.gif', gif],
      ['1.json', '{"kind":"a"}'],
    ]);
    expect(await classesOf(path, { label: { extension: 'json', field: 'kind' } })).toEqual([
      ['a', 'b'],
      [1, 0],
    ]);
  });

  it('that are numbers get names by a given list, and are checked against it', async () => {
    const path = await shard(labelled('1', '0'));
    expect(await classesOf(path, { classes: ['a', 'b'] })).toEqual([
      ['a', 'b'],
      [1, 0],
    ]);
    await expect(classesOf(path, { classes: ['a'] })).rejects.toThrow(/has the label 1, .* lists 1 classes/);
    expect(await classesOf(path)).toEqual([[], undefined]);
  });
});

describe('names with dots', () => {
  it('are split at the last one where that is asked for, as the message advises', async () => {
    const path = await shard([
      ['d/a.B.jpg', gif],
      ['d/a.B.cls', '3'],
      ['d/a.C.jpg', gif],
      ['d/a.C.cls', '4'],
    ]);
    const error: unknown = await WebDataset.open(path, { label: 'none' }).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(/hold no images \(.*\) but b.jpg, b.cls, c.jpg, c.cls; pass splitAt: 'last-dot'/);
    for (const _ of ['scanned', 'from the index']) {
      const dataset = await WebDataset.open(path, { splitAt: 'last-dot', loadLabels: true });
      expect([dataset.key(0), dataset.key(1), [...dataset.labels!]]).toEqual(['d/a.B', 'd/a.C', [3, 4]]);
      expect((await dataset.getRaw(1)).members.get('jpg')).toEqual(Buffer.from(gif));
      await dataset.close();
    }
    expect(JSON.parse(await readFile(sidecarPath(path), 'utf8'))).toMatchObject({ split: 'last-dot' });
    // An index of the other way is not taken for this one.
    await expect(WebDataset.open(path, { label: 'none' })).rejects.toThrow(/splitAt: 'last-dot'/);
  });

  it('in thousands lead to the same option', async () => {
    const names = Array.from({ length: 1100 }, (_, day) => [`photo.${day}.gif`, gif] as const);
    const path = await shard(names);
    await expect(WebDataset.open(path)).rejects.toThrow(
      /more than 1024 different extensions, such as '.1024.gif' of 'photo.1024.gif'; pass splitAt: 'last-dot'/,
    );
    expect((await WebDataset.open(path, { splitAt: 'last-dot' })).length).toBe(1100);
  });

  it('among others are told when they are read', async () => {
    const path = await shard([
      ['a.jpg', gif],
      ['b.1.jpg', gif],
    ]);
    const dataset = await WebDataset.open(path);
    await expect(dataset.get(1)).rejects.toThrow(/'b' has no image \(.*\) but 1.jpg; .* splitAt: 'last-dot'/);
    expect(dataset.leftOut).toEqual([{ kind: '.1.jpg', count: 1, names: ['b.1.jpg'] }]);
    await dataset.close();
  });
});

describe('what is left out', () => {
  it('is counted: members of other extensions, of none, hidden ones, files beside the shards', async () => {
    await shard([
      ['README', 'x'],
      ['._0.jpg', 'x'],
      ['0.jpg', gif],
      ['0.cls', '1'],
      ['0.heic', 'x'],
      ['1.heic', 'x'],
      ['1.jpe', gif],
      ['1.cls', '2'],
    ]);
    await writeFile(join(folder, 'b.tar.gz'), '');
    for (const _ of ['scanned', 'from the index']) {
      const dataset = await WebDataset.open(folder);
      expect(dataset.leftOut).toEqual([
        { kind: '.heic', count: 2, names: ['0.heic', '1.heic'] },
        { kind: '.gz', count: 1, names: ['b.tar.gz'] },
        { kind: 'hidden files', count: 1, names: ['._0.jpg'] },
        { kind: 'no ending', count: 1, names: ['README'] },
      ]);
      await dataset.close();
    }
  });

  it('is counted: links and devices, as programs write them for what they packed before', async () => {
    const link = (name: string, type: string): Buffer => {
      const header = Buffer.from(tarHeaderBlocks(name, 0));
      header.write(type, 156, 'latin1');
      header.write('        ', 148, 'latin1');
      header.write(
        `${header
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0 `,
        148,
        'latin1',
      );
      return header;
    };
    const path = await shard([['0.jpg', gif]]);
    const whole = await readFile(path);
    const links = [link('1.jpg', '1'), link('2.jpg', '2'), link('3.jpg', '6'), link('d/', '5')];
    await writeFile(path, Buffer.concat([...links, whole]));
    for (const _ of ['scanned', 'from the index']) {
      const dataset = await WebDataset.open(path);
      expect([dataset.length, dataset.leftOut]).toEqual([
        1,
        [{ kind: 'links, pipes and devices', count: 3, names: ['1.jpg', '2.jpg', '3.jpg'] }],
      ]);
      await dataset.close();
    }
  });

  it('leads to imageExtensions in reading what is no image', async () => {
    const dataset = await WebDataset.open(
      await shard([
        ['0.jpg', 'text'],
        ['0.pic', gif],
      ]),
    );
    await expect(dataset.get(0)).rejects.toThrow(/'0.jpg' cannot be decoded: .*say by imageExtensions which members/);
    await dataset.close();
  });
});

it('says how members come to lie side by side, and the advice works', async () => {
  const apart = [['0.gif', gif] as const, ['1.gif', gif] as const, ['0.cls', '4'] as const, ['1.cls', '2'] as const];
  await expect(classesOf(await shard(apart), { label: { extension: 'cls', kind: 'names' } })).rejects.toThrow(
    /sample '0' has no .cls, the class; repair the shards \(members of a sample must lie side by side: tar --sort=name/,
  );
  const dataset = await WebDataset.open(await shard(apart.toSorted(([a], [b]) => (a < b ? -1 : 1))));
  expect([...(await dataset.loadLabels())]).toEqual([4, 2]);
  await dataset.close();
});
