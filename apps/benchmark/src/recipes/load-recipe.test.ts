import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadRecipe, recipeNames } from './load-recipe.js';

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
  expect(names).toEqual(['demo-text', 'demo-vision', 'smoke-text', 'smoke-vision']);
  const recipes = await Promise.all(names.map(loadRecipe));
  expect(recipes.map(({ recipe }) => recipe.kind)).toEqual(['text-mlm', 'vision-simclr', 'text-mlm', 'vision-simclr']);
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
