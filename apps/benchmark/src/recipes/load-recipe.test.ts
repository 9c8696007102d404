import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fitRecipe } from '../stages/vision/fit-recipe.js';
import { loadRecipe, recipeNames } from './load-recipe.js';
import type { VisionRecipe } from './vision-schema.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ssl-recipes-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

test('every recipe that comes with the app is valid', async () => {
  const names = await recipeNames();
  expect(names).toEqual(['demo-text', 'demo-vision', 'first-look', 'smoke-text', 'smoke-vision']);
  const recipes = await Promise.all(names.map(loadRecipe));
  expect(recipes.map(({ recipe }) => recipe.kind)).toEqual([
    'text-mlm',
    'vision-simclr',
    'vision-simclr',
    'text-mlm',
    'vision-simclr',
  ]);
  expect(recipes[1]!.recipe).toMatchObject({
    data: { pretrainImages: 20_000 },
    pretrain: { epochs: 5, batchSize: 256, temperature: 0.2 },
  });
  expect(recipes[0]!.recipe).toMatchObject({
    tokenizer: { vocabulary: 8192, length: 32 },
    encoder: { layers: 3, width: 128 },
    pretrain: { batchSize: 128, learningRate: 1.5e-3 },
  });
});

test.each([
  [{ cat: 8, dog: 2 }, [1]],
  [{ cat: 8, emu: 30 }, [6]],
  [{ gnu: 13, emu: 30 }, [10, 60]],
])('a folder of %o asks for as many labels as its smallest class has', async (counts, labelsPerClass) => {
  const few = await mkdtemp(path.join(folder, 'few-'));
  const picture = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  for (const [name, count] of Object.entries(counts)) {
    await mkdir(path.join(few, name));
    for (let i = 0; i < count; i++) await writeFile(path.join(few, name, `${i}.png`), picture);
  }
  const { recipe } = await loadRecipe(few);
  expect(recipe).toMatchObject({ linear: { labelsPerClass } });
  const { recipe: fitted } = await fitRecipe(recipe as VisionRecipe);
  const least = labelsPerClass.slice(0, 1);
  expect(fitted).toMatchObject({
    linear: { labelsPerClass: least },
    fineTune: { labelsPerClass: least },
    scratch: { labelsPerClass: least },
  });
});

test('a folder of pictures, one folder per class, is a recipe', async () => {
  const photos = path.join(folder, 'my photos');
  const picture = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  for (const name of ['cat', 'dog']) {
    await mkdir(path.join(photos, name), { recursive: true });
    for (let i = 0; i < 30; i++) await writeFile(path.join(photos, name, `${i}.jpg`), picture);
  }
  const { name, recipe } = await loadRecipe(photos);
  expect(name).toBe('my photos');
  expect(recipe).toMatchObject({
    kind: 'vision-simclr',
    title: 'SimCLR on my photos',
    data: { source: 'folder', train: photos, size: 48, testShare: 0.2 },
    views: { flip: 0.5, jitter: 0.4, grey: 0.2 },
    // 48 training pictures make 6 batches of 8.
    pretrain: { batchSize: 8, epochs: 67 },
  });
  await expect(loadRecipe(path.join(photos, 'cat'))).rejects.toSatisfy(
    (error) =>
      DataError.isInstance(error) &&
      /cat: has pictures that are in no folder of a class; .*one folder of pictures per class/.test(error.message),
  );
});

test('paths are relative to the recipe', async () => {
  const file = await write(
    'folder.yaml',
    'kind: vision-simclr\ntitle: t\ndata: { source: folder, train: a, test: b/c }\n',
  );
  const { recipe, name } = await loadRecipe(file);
  expect(name).toBe('folder');
  expect(recipe.kind === 'vision-simclr' && recipe.data).toMatchObject({
    train: path.join(folder, 'a'),
    test: path.join(folder, 'b/c'),
  });
});

test('an unknown name is answered with the nearest', async () => {
  await expect(loadRecipe('demo-visoin')).rejects.toThrow(/did you mean 'demo-vision'/);
  await expect(loadRecipe('demo-visoin')).rejects.toSatisfy((error) => error instanceof InvalidOptionError);
});

test('a missing file and broken YAML are data errors that name the file', async () => {
  await expect(loadRecipe(path.join(folder, 'none.yaml'))).rejects.toSatisfy(
    (error) => DataError.isInstance(error) && /none\.yaml: no such file/.test(error.message),
  );
  const broken = await write('broken.yaml', 'kind: [a\nb: }');
  await expect(loadRecipe(broken)).rejects.toSatisfy(
    (error) =>
      DataError.isInstance(error) &&
      /broken\.yaml: not valid YAML/.test(error.message) &&
      !error.message.includes('\n'),
  );
});
