import path from 'node:path';
import { ImageFolderDataset } from '@selfsup/ssl-data';
import { DataError } from '@selfsup/ssl-core';
import { testCount } from '../data/test-count.js';
import { visionSchema, type VisionRecipe } from './vision-schema.js';

/** Side of the squares that pictures become, in pixels. */
const size = 48;
/** Steps of training: a few minutes on two cores. */
const steps = 400;
const largestBatch = 128;
/** Share of every class that is kept for the test. */
const testShare = 0.2;
const fewLabels = 10;

/**
 * The recipe for a folder of pictures that somebody has, one folder per class: SimCLR with the usual changes of colour, as
 * many epochs as make some 400 steps, batches of a quarter of the pictures and at most 128, and 10 labels per class, or as
 * many as the smallest class has.
 *
 * @throws DataError for a folder without classes
 */
export async function folderRecipe(folder: string): Promise<VisionRecipe> {
  const dataset = await openClasses(folder);
  const images = Math.ceil((1 - testShare) * dataset.length);
  const sizes = dataset.classes!.map((_, label) => dataset.labels!.filter((other) => other === label).length);
  const smallest = Math.min(...sizes);
  const few = Math.max(1, Math.min(fewLabels, smallest - testCount(smallest, testShare)));
  const batchSize = Math.max(2, Math.min(largestBatch, 2 ** Math.floor(Math.log2(Math.max(2, images / 4)))));
  return visionSchema.parse({
    kind: 'vision-simclr',
    title: `SimCLR on ${path.basename(path.resolve(folder))}`,
    data: { source: 'folder', train: path.resolve(folder), size, testShare },
    views: { crop: [0.2, 1], rotation: 0, flip: 0.5, jitter: 0.4, grey: 0.2 },
    pretrain: { epochs: Math.max(1, Math.ceil(steps / Math.max(1, Math.floor(images / batchSize)))), batchSize },
    linear: { labelsPerClass: few < fewLabels ? [few] : [few, 60] },
    fineTune: { labelsPerClass: [few] },
    scratch: { labelsPerClass: [few] },
  });
}

const advice =
  'a folder for `run` holds one folder of pictures per class, two or more; to pretrain on pictures without classes, see the ten lines in the README';

async function openClasses(folder: string): Promise<ImageFolderDataset> {
  const dataset = await ImageFolderDataset.open(folder, { labels: 'folders' }).catch(async (error: unknown) => {
    // Pictures that are there, and lie outside any class.
    const all = await ImageFolderDataset.open(folder, { labels: 'none' }).catch(() => undefined);
    if (all === undefined || !DataError.isInstance(error) || !error.message.includes('outside the class folders'))
      throw error;
    throw new DataError(`has pictures that are in no folder of a class; ${advice}`, { path: folder, cause: error });
  });
  if (dataset.classes!.length > 1) return dataset;
  throw new DataError(`has one class, '${dataset.classes![0]}'; ${advice}`, { path: folder });
}
