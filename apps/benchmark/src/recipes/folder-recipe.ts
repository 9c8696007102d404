import path from 'node:path';
import { ImageFolderDataset } from '@selfsup/ssl-data';
import { DataError } from '@selfsup/ssl-core';
import { visionSchema, type VisionRecipe } from './vision-schema.js';

/** Side of the squares that pictures become, in pixels. */
const size = 48;
/** Steps of training: a few minutes on two cores. */
const steps = 400;
const largestBatch = 128;

/**
 * The recipe for a folder of pictures that somebody has, one folder per class: SimCLR with the usual changes of colour, as
 * many epochs as make some 400 steps, batches of a quarter of the pictures and at most 128.
 *
 * @throws DataError for a folder without classes
 */
export async function folderRecipe(folder: string): Promise<VisionRecipe> {
  const dataset = await openClasses(folder);
  const images = Math.ceil(0.8 * dataset.length);
  const batchSize = Math.max(2, Math.min(largestBatch, 2 ** Math.floor(Math.log2(Math.max(2, images / 4)))));
  return visionSchema.parse({
    kind: 'vision-simclr',
    title: `SimCLR on ${path.basename(path.resolve(folder))}`,
    data: { source: 'folder', train: path.resolve(folder), size },
    views: { crop: [0.2, 1], rotation: 0, flip: 0.5, jitter: 0.4, grey: 0.2 },
    pretrain: { epochs: Math.max(1, Math.ceil(steps / Math.max(1, Math.floor(images / batchSize)))), batchSize },
    linear: { labelsPerClass: [10, 60] },
    scratch: { labelsPerClass: [10] },
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
