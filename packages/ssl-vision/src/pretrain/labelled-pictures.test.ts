import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { labelledPictures } from './labelled-pictures.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'labelled-'))));
afterEach(() => rm(folder, { recursive: true }));

/** A picture of one level of grey, as a bitmap that needs no library to write. */
const grey = (level: number): string => `P2\n2 2\n255\n${`${level} `.repeat(4)}\n`;
const reading = { imageSize: 4, channels: 3, workers: 0 };
async function fill(counts: Readonly<Record<string, number>>): Promise<void> {
  let level = 0;
  for (const [name, count] of Object.entries(counts)) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) await writeFile(join(folder, name, `${i}.pgm`), grey(level++));
  }
}

it('parts the classes of a folder, each picture once and a fifth of each class for the test', async () => {
  await fill({ ants: 10, bees: 25 });
  const { bank, test } = (await labelledPictures({ data: folder }, reading))!;
  expect([bank.inputs.shape, test.inputs.shape]).toEqual([
    [28, 4, 4, 3],
    [7, 4, 4, 3],
  ]);
  const countOf = ({ labels }: typeof bank) => [0, 1].map((label) => labels.filter((one) => one === label).length);
  expect([countOf(bank), countOf(test)]).toEqual([
    [8, 20],
    [2, 5],
  ]);
  const levels = [bank, test].flatMap(({ inputs, labels }) =>
    Array.from(labels, (label, row) => [inputs.data[row * 48]!, label] as const),
  );
  // Every level is one picture's, with its class.
  expect(levels.map(([level]) => level).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 35 }, (_, i) => i));
  expect(levels.every(([level, label]) => label === (level < 10 ? 0 : 1))).toBe(true);
  expect(await labelledPictures({ data: folder }, reading)).toEqual({ bank, test });
});

it.each([
  ['a small class', { ants: 9, bees: 20 }],
  ['one class', { ants: 20 }],
  ['pictures beside the classes', { ants: 10, bees: 10, '.': 1 }],
  ['an empty class', { ants: 10, bees: 10, cats: 0 }],
  ['no classes', { '.': 30 }],
])('finds no classes by itself in %s', async (_, counts) => {
  await fill(counts);
  expect(await labelledPictures({ data: folder }, reading)).toBeUndefined();
});

it('takes others that are given, leaving out what has no label, and refuses what is not enough', async () => {
  await fill({ ants: 2, bees: 3 });
  const { bank, test } = (await labelledPictures({ data: 'nowhere', labelled: folder }, reading))!;
  expect([bank.labels.length, test.labels.length]).toEqual([3, 2]);
  const images = { data: new Uint8Array(6 * 4), shape: [6, 2, 2, 1] };
  const labels = Int32Array.of(0, 1, -1, 0, 1, -1);
  const found = await labelledPictures({ data: 'x', labelled: { images, labels } }, { ...reading, channels: 1 });
  expect([found!.bank.labels.length, found!.test.labels.length]).toEqual([2, 2]);
  const few = labelledPictures({ data: 'x', labelled: { images, labels: Int32Array.of(0, 0, 0, 0, 0, 1) } }, reading);
  await expect(few).rejects.toThrow(InvalidOptionError);
});

it('takes at most 2,000 and 500, classes in turns, and fewer of large pictures', async () => {
  const labels = Int32Array.from({ length: 4000 }, (_, i) => (i < 40 ? 1 : 0));
  const images = { data: new Uint8Array(4000), shape: [4000, 1, 1, 1] };
  const of = (imageSize: number) =>
    labelledPictures({ data: 'x', labelled: { images, labels } }, { imageSize, channels: 1, workers: 0 });
  const { bank, test } = (await of(1))!;
  expect([bank.labels.length, test.labels.length]).toEqual([2000, 500]);
  expect([bank.labels, test.labels].map((own) => own.filter((label) => label === 1).length)).toEqual([32, 8]);
  const large = (await of(512))!;
  expect((large.bank.labels.length + large.test.labels.length) * 512 ** 2).toBeLessThan(1.01 * 2 ** 27);
});
