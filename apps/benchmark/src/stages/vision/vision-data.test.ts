import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { DataError, InvalidOptionError, randomKey } from '@selfsup/ssl-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { idxFile } from '../../../test/idx-file.js';
import { parseRecipe } from '../../recipes/parse-recipe.js';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import { augmented } from './adapt-stage.js';
import { pixelStatistics } from './pixel-statistics.js';
import { pngDataUri } from './png-data-uri.js';
import { loadVisionData } from './vision-data.js';
import { randomView } from './vision-views.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ssl-vision-data-'));
  const ramp = Uint8Array.from({ length: 6 * 64 }, (_, i) => i % 251);
  await writeFile(path.join(folder, 'images'), idxFile([6, 8, 8], ramp));
  await writeFile(path.join(folder, 'small'), idxFile([6, 4, 4], ramp.subarray(0, 96)));
  await writeFile(path.join(folder, 'labels'), idxFile([6], Uint8Array.of(0, 1, 2, 0, 1, 2)));
});
afterAll(() => rm(folder, { recursive: true }));

function recipe(data: object): VisionRecipe {
  return parseRecipe({ kind: 'vision-simclr', title: 't', data }, 'test.yaml') as VisionRecipe;
}

function idxRecipe(changes: object = {}): VisionRecipe {
  const at = (name: string): string => path.join(folder, name);
  return recipe({
    source: 'idx',
    trainImageFile: at('images'),
    trainLabelFile: at('labels'),
    testImageFile: at('images'),
    testLabelFile: at('labels'),
    ...changes,
  });
}

test('reads IDX files and limits each part on its own', async () => {
  const data = await loadVisionData(idxRecipe({ pretrainImages: 5, trainImages: 4, testImages: 3 }));
  expect([data.pretrain.length, data.train.images.shape, data.test.images.shape]).toEqual([
    5,
    [4, 8, 8, 1],
    [3, 8, 8, 1],
  ]);
  expect([...data.train.labels]).toEqual([0, 1, 2, 0]);
  expect(data.classes).toEqual(['0', '1', '2']);
  expect([data.size, data.channels]).toEqual([8, 1]);
  expect(data.pretrain.labels).toBeUndefined();
});

test('refuses sizes that do not fit', async () => {
  await expect(loadVisionData(idxRecipe({ testImageFile: path.join(folder, 'small') }))).rejects.toThrow(
    /training images are 8 x 8 x 1, test images 4 x 4 x 1/,
  );
  await expect(loadVisionData(idxRecipe({ trainImages: 7 }))).rejects.toSatisfy(
    (error) => error instanceof InvalidOptionError && error.message.includes('data.trainImages must be at most 6'),
  );
});

test('refuses test images of a class that no training image has', async () => {
  const more = path.join(folder, 'more');
  await writeFile(more, idxFile([6], Uint8Array.of(0, 1, 2, 5, 1, 2)));
  await expect(loadVisionData(idxRecipe({ testLabelFile: more }))).rejects.toThrow(
    'recipe: test labels[3] is 5, outside the classes 0 .. 2',
  );
  expect((await loadVisionData(idxRecipe({ trainLabelFile: more }))).classes.length).toBe(6);
});

test('reads folders of images by class, and refuses test folders of other classes', async () => {
  for (const [split, classes] of Object.entries({
    train: ['cat', 'dog'],
    test: ['cat', 'dog'],
    other: ['cat', 'cow'],
  })) {
    for (const name of classes) {
      await mkdir(path.join(folder, split, name), { recursive: true });
      await sharp({
        create: { width: 20, height: 12, channels: 3, background: name === 'cat' ? '#ff0000' : '#0000ff' },
      })
        .png()
        .toFile(path.join(folder, split, name, 'a.png'));
    }
  }
  const at = (train: string, testFolder: string): VisionRecipe =>
    recipe({ source: 'folder', train: path.join(folder, train), test: path.join(folder, testFolder), size: 8 });
  const data = await loadVisionData(at('train', 'test'));
  expect(data.classes).toEqual(['cat', 'dog']);
  expect(data.train.images.shape).toEqual([2, 8, 8, 3]);
  expect([...data.train.images.data.subarray(0, 3)]).toEqual([255, 0, 0]);
  expect([...data.train.images.data.subarray(192, 195)]).toEqual([0, 0, 255]);
  await expect(loadVisionData(at('train', 'other'))).rejects.toSatisfy(
    (error) =>
      DataError.isInstance(error) &&
      /other: has the classes cat, cow, the training folder has the classes cat, dog/.test(error.message),
  );
});

test('pixel statistics are those of each channel', () => {
  const { mean, std } = pixelStatistics({ data: Uint8Array.of(0, 51, 255, 51), shape: [1, 2, 1, 2] }) as {
    mean: number[];
    std: number[];
  };
  expect(mean).toEqual([0.5, expect.closeTo(0.2, 12)]);
  expect(std).toEqual([0.5, 1e-3]);
});

test('augmentation changes every image by its own draw and repeats with its key', async () => {
  const { train } = await loadVisionData(idxRecipe());
  const view = randomView(idxRecipe().views, 8);
  const same = { data: new Uint8Array(128).map((_, i) => train.images.data[i % 64]!), shape: [2, 8, 8, 1] };
  const first = augmented(same, view, randomKey(1));
  expect(first.shape).toEqual([2, 8, 8, 1]);
  expect(first.data.subarray(0, 64)).not.toEqual(first.data.subarray(64));
  expect(augmented(same, view, randomKey(1))).toEqual(first);
  expect(augmented(same, view, randomKey(2))).not.toEqual(first);
});

test('shown images are PNGs of the same pixels', async () => {
  const { train } = await loadVisionData(idxRecipe());
  const uri = await pngDataUri(train.images, 1);
  expect(uri).toMatch(/^data:image\/png;base64,/);
  const { data, info } = await sharp(Buffer.from(uri.split(',')[1]!, 'base64'))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([8, 8]);
  expect([...data]).toEqual([...train.images.data.subarray(64, 128)]);
});
