import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageFolderDataset } from '@selfsup/ssl-data';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { ndArray } from '@selfsup/ssl-tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-'));
  for (const name of ['train/ant', 'train/bee', 'train/cat', 'test/bee', 'test/cat']) {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, '1.gif'), 'GIF89a');
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('weights keep the classes, and a data set takes them from there', async () => {
  const train = await ImageFolderDataset.open(join(folder, 'train'));
  const path = join(folder, 'classifier.safetensors');
  const state = new Map([['head.weight', ndArray(new Float32Array(6), [3, 2])]]);
  await saveSafetensors(path, state, { classes: JSON.stringify(train.classes) });
  const { metadata } = await loadSafetensors(path);
  const alone = await ImageFolderDataset.open(join(folder, 'test'));
  // Numbered by itself, the part for testing calls a bee an ant.
  expect([...alone.labels!]).toEqual([0, 1]);
  for (const classes of [path, JSON.parse(metadata['classes']!) as string[], train.classes]) {
    const dataset = await ImageFolderDataset.open(join(folder, 'test'), { classes, allowEmpty: true });
    expect([dataset.classes, [...dataset.labels!]]).toEqual([
      ['ant', 'bee', 'cat'],
      [1, 2],
    ]);
  }
});

test('weights without classes are refused with what to do', async () => {
  const path = join(folder, 'encoder.safetensors');
  await saveSafetensors(path, new Map([['w', ndArray(new Float32Array(1), [1])]]));
  const opening = ImageFolderDataset.open(join(folder, 'train'), { classes: path });
  await expect(opening).rejects.toThrow(/has no 'classes' in its metadata; save the weights with \{ classes: JSON/);
  for (const bytes of [Buffer.alloc(3), Buffer.alloc(16, 0xff), Buffer.from('\u0002\0\0\0\0\0\0\0{]')]) {
    await writeFile(path, bytes);
    const error: unknown = await ImageFolderDataset.open(join(folder, 'train'), { classes: path }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'SSL_DATA', path });
  }
});
