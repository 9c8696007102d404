import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseRecipe } from '../../recipes/parse-recipe.js';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import { fitRecipe } from './fit-recipe.js';
import { openFolders } from './open-folders.js';
import { loadVisionData } from './vision-data.js';
import { visionPipeline } from './vision-pipeline.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ssl-fit-recipe-'));
  const picture = await sharp({ create: { width: 10, height: 8, channels: 3, background: '#336699' } })
    .png()
    .toBuffer();
  for (const [name, count] of Object.entries({ cat: 20, dog: 15, emu: 50 })) {
    await mkdir(path.join(folder, 'photos', name), { recursive: true });
    for (let i = 0; i < count; i++) await writeFile(path.join(folder, 'photos', name, `${i}.png`), picture);
  }
  for (const name of ['one', 'two']) {
    await mkdir(path.join(folder, 'single', name), { recursive: true });
    await writeFile(path.join(folder, 'single', name, 'a.png'), picture);
  }
});
afterAll(() => rm(folder, { recursive: true }));

function recipe(changes: object = {}, data: object = {}): VisionRecipe {
  const all = { source: 'folder', train: path.join(folder, 'photos'), size: 8, ...data };
  return parseRecipe(
    { kind: 'vision-simclr', title: 't', data: all, pretrain: { batchSize: 16 }, ...changes },
    'test.yaml',
  ) as VisionRecipe;
}

test('numbers that the data cannot give are lowered, and told', async () => {
  const { recipe: fitted, counts, notes } = await fitRecipe(recipe());
  expect(counts).toEqual({ pretrain: 68, train: 68, test: 17, smallest: { name: 'dog', images: 12 } });
  expect(fitted.knn).toMatchObject({ k: 20, along: { reference: 68, test: 17 } });
  expect(fitted.report).toEqual({ mapPoints: 17, queries: 6, neighbours: 8 });
  expect([fitted.linear.labelsPerClass, fitted.fineTune.labelsPerClass, fitted.scratch.labelsPerClass]).toEqual([
    [10],
    [10],
    [10],
  ]);
  expect(notes).toEqual([
    "linear.labelsPerClass: 60, 600 left out, since class 'dog' has 12 training images.",
    "scratch.labelsPerClass: 60 left out, since class 'dog' has 12 training images.",
  ]);
  expect((await fitRecipe(fitted)).recipe).toEqual(fitted);
});

test('the plan has the numbers of the data', async () => {
  const { plan } = await visionPipeline.open(recipe({ pretrain: { batchSize: 16, epochs: 3 } }));
  expect(plan.map(({ title }) => title)).toEqual([
    'Random encoder: kNN and linear probe',
    'SimCLR, 3 epochs of 68 images',
    'kNN on the learnt features',
    'Linear probe with 10 labels per class',
    'Fine-tuning with 10 labels per class',
    'Training from scratch with 10 labels per class',
    'Map of 17 test images',
    'Nearest neighbours',
  ]);
  expect(plan.find(({ name }) => name === 'pretrain')!.cost).toBeCloseTo((0.35 * 3 * 4 * 16 * (8 / 28) ** 2) / 256, 10);
});

test('one label is one in the plan', async () => {
  const one = { labelsPerClass: [1] };
  const { plan } = await visionPipeline.open(
    recipe({ linear: { labelsPerClass: [1, 10] }, fineTune: one, scratch: one }),
  );
  expect(plan.map(({ title }) => title).filter((title) => title.includes('per class'))).toEqual([
    'Linear probe with 1, 10 labels per class',
    'Fine-tuning with 1 label per class',
    'Training from scratch with 1 label per class',
  ]);
});

test('what the data cannot give at all is refused before anything is computed, and the advice works', async () => {
  await expect(fitRecipe(recipe({ pretrain: { batchSize: 69 } }))).rejects.toSatisfy(
    (error) =>
      InvalidOptionError.isInstance(error) && /pretrain\.batchSize must be at most 68, .*got 69/.test(error.message),
  );
  await expect(fitRecipe(recipe({ pretrain: { batchSize: 68 } }))).resolves.toBeDefined();
  await expect(fitRecipe(recipe({ fineTune: { labelsPerClass: [13, 14] } }))).rejects.toSatisfy(
    (error) =>
      InvalidOptionError.isInstance(error) &&
      /fineTune\.labelsPerClass must be numbers of at most 12, the training images of class 'dog', got .?13, 14/.test(
        error.message,
      ),
  );
});

test('a share of every class is kept for the test, the same by the same seed, and in no training set', async () => {
  const { train, test: kept } = await openFolders(recipe().data as Parameters<typeof openFolders>[0], 0);
  const perClass = (rows: Int32Array) =>
    [0, 1, 2].map((label) => rows.filter((row) => train.dataset.labels![row] === label).length);
  expect([perClass(train.rows), perClass(kept.rows)]).toEqual([
    [16, 12, 40],
    [4, 3, 10],
  ]);
  expect(new Set([...train.rows, ...kept.rows]).size).toBe(85);
  const again = await openFolders(recipe().data as Parameters<typeof openFolders>[0], 0);
  const other = await openFolders(recipe().data as Parameters<typeof openFolders>[0], 1);
  expect(again.test.rows).toEqual(kept.rows);
  expect(other.test.rows).not.toEqual(kept.rows);
  const data = await loadVisionData(recipe());
  expect([data.pretrain.length, data.train.labels.length, data.test.labels.length]).toEqual([68, 68, 17]);
});

test('a class of one image needs a folder of test images', async () => {
  const alone = (data: object) =>
    fitRecipe(
      recipe(
        {
          pretrain: { batchSize: 2 },
          linear: { labelsPerClass: [1] },
          fineTune: { labelsPerClass: [1] },
          scratch: { labelsPerClass: [1] },
        },
        { train: path.join(folder, 'single'), ...data },
      ),
    );
  await expect(alone({})).rejects.toSatisfy(
    (error) => DataError.isInstance(error) && /class 'one' has 1 image.*data\.test/.test(error.message),
  );
  expect((await alone({ test: path.join(folder, 'single') })).counts).toMatchObject({ train: 2, test: 2 });
});
