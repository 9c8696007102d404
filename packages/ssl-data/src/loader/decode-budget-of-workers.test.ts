import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, expect, it } from 'vitest';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { setDecodeMemory, threadDecodeBudget } from '../image/decode-budget.js';
import { resize } from '../views/resize.js';
import { DataLoader } from './data-loader.js';

const root = await mkdtemp(join(tmpdir(), 'decode-budget-'));
afterAll(() => rm(root, { recursive: true }));
const png = await sharp({ create: { width: 2500, height: 2500, channels: 3, background: '#482' } })
  .png()
  .toBuffer();
for (let index = 0; index < 8; index++) await writeFile(join(root, `${index}.png`), png);
const views = [resize({ size: 16 })];

async function batchesOf(loader: DataLoader<never>): Promise<number> {
  let batches = 0;
  try {
    for await (const _ of loader.epoch(0)) batches++;
  } finally {
    await loader.close();
  }
  return batches;
}

it.each([0, 1, 3])('reads pictures that each take all of the budget, with %i workers', async (workers) => {
  const dataset = await ImageFolderDataset.open(root);
  const loader = new DataLoader({ dataset, views, batchSize: 2, workers, decodeMemory: 2 ** 20 });
  expect(await batchesOf(loader as never)).toBe(4);
  expect(threadDecodeBudget().taken).toBe(0);
});

it('shares the budget of the thread, and gives it back when a loader is closed in the middle', async () => {
  setDecodeMemory(2 ** 26);
  try {
    const dataset = await ImageFolderDataset.open(root);
    const left = new DataLoader({ dataset, views, batchSize: 1, workers: 2 });
    for await (const _ of left.epoch(0)) break;
    await left.close();
    expect(threadDecodeBudget().taken).toBe(0);
    const loader = new DataLoader({ dataset, views, batchSize: 4, workers: 2 });
    expect(await batchesOf(loader as never)).toBe(2);
  } finally {
    setDecodeMemory(2 ** 30);
  }
});

it('goes on after a worker that died in the middle of a picture', async () => {
  setDecodeMemory(2 ** 26);
  try {
    const module = join(root, 'dies.mjs');
    await writeFile(
      module,
      `import { decodeImage } from '${new URL('../image/decode-image.ts', import.meta.url).href}';
       export const dies = ({ path }) => ({ length: 4, get: () => {
         // One decodes, the others wait and have the turn.
         for (let i = 0; i < 4; i++) void decodeImage(path);
         return new Promise(() => setTimeout(() => process.exit(3), 30));
       } });`,
    );
    const source = {
      module: pathToFileURL(module).href,
      exportName: 'dies',
      options: { path: join(root, '0.png') },
    } as const;
    const dying: Dataset<ImageSample> = { length: 4, get: () => Promise.reject(new Error('in a worker only')), source };
    const loader = new DataLoader({ dataset: dying, batchSize: 1, workers: 2 });
    await expect(batchesOf(loader as never)).rejects.toThrow(DataError);
    expect(threadDecodeBudget().taken).toBe(0);
    const dataset = await ImageFolderDataset.open(root);
    expect(await batchesOf(new DataLoader({ dataset, views, batchSize: 4, workers: 2 }) as never)).toBe(2);
  } finally {
    setDecodeMemory(2 ** 30);
  }
});

it('refuses a budget that is none', async () => {
  const dataset = await ImageFolderDataset.open(root);
  for (const decodeMemory of [0, -5, Number.NaN])
    expect(() => new DataLoader({ dataset, batchSize: 1, decodeMemory })).toThrow(InvalidOptionError);
});
