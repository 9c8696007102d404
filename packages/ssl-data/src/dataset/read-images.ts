import { InvalidOptionError, ndArray, type NdArray, noLabel, ShapeError } from '@selfsup/ssl-core';
import { checkMemory } from '@selfsup/ssl-core/files';
import { checkDataset } from './check-dataset.js';
import type { Dataset, ImageSample } from './dataset.js';

/** Images that are read at the same time: decoders wait for one another anyway. */
const atOnce = 8;

/** All images of a data set in one array. */
export interface ImageArrays {
  /** uint8 `[n, height, width, channels]`. */
  readonly images: NdArray<Uint8Array>;
  /** Classes `[n]`; -1 = no label. */
  readonly labels: Int32Array;
}

/**
 * Reads every image of a data set into one array, in order: for features, probes and fine-tuning, which need them all.
 * A data set of files has them in one size by its `resize`, or by a view. What does not fit the memory is for a
 * `DataLoader`, batch by batch.
 *
 * @param dataset images; a `subset` for some of them
 * @returns images uint8 `[n, height, width, channels]` and classes `[n]`
 * @throws ShapeError where the images are of different sizes, InvalidOptionError where there are none or they cannot fit
 *   the memory, DataError for an image that cannot be read
 */
export async function readImages(dataset: Dataset<ImageSample>): Promise<ImageArrays> {
  checkDataset('readImages', 'dataset', dataset);
  const count = dataset.length;
  if (count === 0)
    throw new InvalidOptionError('readImages', 'dataset', 'a data set of at least one image', 'an empty one');
  const first = await dataset.get(0);
  const shape = first.image.shape;
  const size = first.image.data.length;
  checkMemory('readImages', 'the images', [{ option: 'dataset', bytes: count * size }]);
  const data = new Uint8Array(count * size);
  const labels = new Int32Array(count);
  const take = (index: number, { image, label = noLabel }: ImageSample): void => {
    if (image.shape.join() !== shape.join())
      throw new ShapeError(
        'readImages',
        `image ${index}`,
        `[${shape.join(', ')}] as image 0; give the data set resize: { width, height, fit: 'cover' }`,
        `[${image.shape.join(', ')}]`,
      );
    data.set(image.data, index * size);
    labels[index] = label;
  };
  take(0, first);
  for (let start = 1; start < count; start += atOnce) {
    const rows = Array.from({ length: Math.min(atOnce, count - start) }, (_, offset) => start + offset);
    const samples = await Promise.all(rows.map(async (row) => dataset.get(row)));
    samples.forEach((sample, offset) => take(start + offset, sample));
  }
  return { images: ndArray(data, [count, ...shape]), labels };
}
