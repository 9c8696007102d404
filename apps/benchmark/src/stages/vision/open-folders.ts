import { ImageFolderDataset } from '@selfsup/ssl-data';
import { DataError, foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import { testCount } from '../../data/test-count.js';
import type { VisionRecipe } from '../../recipes/vision-schema.js';

type FolderData = Extract<VisionRecipe['data'], { source: 'folder' }>;

/** Some images of a folder, listed and not yet read. */
export interface FolderPart {
  readonly dataset: ImageFolderDataset;
  /** Their numbers in the data set. */
  readonly rows: Int32Array;
}

/**
 * Training and test images: of two folders, or of one, of which a share of every class is kept for the test. The same
 * seed keeps the same images.
 *
 * @throws DataError for folders of other classes, or a class of one image that would be in no training set
 */
export async function openFolders(data: FolderData, seed: number): Promise<{ train: FolderPart; test: FolderPart }> {
  const part = (dataset: ImageFolderDataset, rows: Int32Array): FolderPart => ({ dataset, rows });
  const all = (dataset: ImageFolderDataset) =>
    part(
      dataset,
      Int32Array.from(dataset.labels!, (_, row) => row),
    );
  const train = await openFolder(data.train, data);
  if (data.test !== undefined) {
    const test = await openFolder(data.test, data);
    if (train.classes!.join('/') !== test.classes!.join('/')) {
      throw new DataError(
        `has ${classesText(test.classes!)}, the training folder has ${classesText(train.classes!)}; both need the same folders`,
        { path: data.test },
      );
    }
    return { train: all(train), test: all(test) };
  }
  const kept: number[] = [];
  for (const [label, name] of train.classes!.entries()) {
    const members = [...train.labels!.keys()].filter((row) => train.labels![row] === label);
    if (members.length < 2)
      throw new DataError(
        `class '${name}' has ${members.length} image, and one is needed for training and one for the test; add images, or name a folder of test images as data.test of a recipe of your own`,
        { path: data.train },
      );
    const order = new RandomStream(foldIn(foldIn(randomKey(seed), 'test-images'), label)).permutation(members.length);
    const count = testCount(members.length, data.testShare);
    for (const index of order.subarray(0, count)) kept.push(members[index]!);
  }
  const isKept = new Set(kept);
  return {
    train: part(
      train,
      all(train).rows.filter((row) => !isKept.has(row)),
    ),
    test: part(train, Int32Array.from(kept).sort()),
  };
}

function classesText(names: readonly string[]): string {
  return names.length === 0 ? 'no classes' : `the classes ${names.join(', ')}`;
}

function openFolder(folder: string, { size, channels }: FolderData): Promise<ImageFolderDataset> {
  return ImageFolderDataset.open(folder, {
    labels: 'folders',
    channels,
    resize: { width: size, height: size, fit: 'cover' },
  });
}
