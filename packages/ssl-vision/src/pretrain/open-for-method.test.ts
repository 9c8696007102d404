import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { ImageArrayDataset } from '@selfsup/ssl-data';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openForMethod } from './open-for-method.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'open-'))));
afterEach(() => rm(folder, { recursive: true }));

const picture = 'P3\n2 2\n255\n0 0 0 9 9 9 0 0 0 9 9 9\n';
const write = async (...names: readonly string[]) => {
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), picture);
  }
};
const images = { data: new Uint8Array(4 * 4), shape: [4, 2, 2, 1] };
const refusal = async (data: string | ImageArrayDataset) => {
  const error = await openForMethod(data, 'supcon').catch((reason: unknown) => reason);
  expect(InvalidOptionError.isInstance(error)).toBe(true);
  return String(error);
};

it('reads classes of folders where the method learns from them, and only there', async () => {
  await write('a/1.ppm', 'b/2.ppm');
  const labels = async (method: 'supcon' | 'simclr') => {
    const dataset = await openForMethod(folder, method);
    return [(await dataset.get(0)).label, (await dataset.get(1)).label];
  };
  expect(await labels('supcon')).toEqual([0, 1]);
  expect(await labels('simclr')).toEqual([undefined, undefined]);
});

it('refuses pictures without classes, naming a method that needs none', async () => {
  await write('1.ppm', '2.ppm');
  expect(await refusal(folder)).toMatch(/data must be pictures of two or more classes .*'supcon'.* such as 'simclr'/);
  expect(await refusal(new ImageArrayDataset(images))).toContain('a data set without classes');
  expect(await refusal(new ImageArrayDataset(images, [-1, -1, -1, -1]))).toContain('a data set without classes');
  expect((await openForMethod(folder, 'simclr')).length).toBe(2);
  expect((await openForMethod(new ImageArrayDataset(images, [0, 1, -1, 1]), 'supcon')).length).toBe(4);
});

it('refuses a folder of one class', async () => {
  await write('only/1.ppm', 'only/2.ppm');
  expect(await refusal(folder)).toContain('two or more classes');
});
