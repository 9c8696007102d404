import {
  DataError,
  describeValue,
  InvalidOptionError,
  ndArray,
  type NdArray,
  noLabel,
  ShapeError,
} from '@selfsup/ssl-core';
import { checkMemory } from '@selfsup/ssl-core/files';
import { checkPixels } from '../loader/check-pixels.js';
import { checkDataset } from './check-dataset.js';
import type { Dataset, ImageSample } from './dataset.js';

/** Images that are read at the same time: decoders wait for one another anyway. */
const atOnce = 8;

const where = 'readImages';

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
 *   the memory, DataError for an image that cannot be read, a sample that is none, and a label that is neither a class nor -1
 */
export async function readImages(dataset: Dataset<ImageSample>): Promise<ImageArrays> {
  checkDataset(where, 'dataset', dataset);
  const count = dataset.length;
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw new InvalidOptionError(where, 'dataset.length', 'at least one image', count);
  const first = await readImage(dataset, 0);
  const { shape } = first.image;
  const size = first.image.data.length;
  checkMemory(where, 'the images', [{ option: 'dataset', bytes: count * size }]);
  const data = new Uint8Array(count * size);
  const labels = new Int32Array(count);
  const take = (index: number, { image, label = noLabel }: ImageSample): void => {
    if (image.shape.join() !== shape.join())
      throw new ShapeError(
        where,
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
    const samples = await Promise.all(rows.map((row) => readImage(dataset, row)));
    samples.forEach((sample, offset) => take(start + offset, sample));
  }
  return { images: ndArray(data, [count, ...shape]), labels };
}

/** A sample of a data set that may be anybody's: a wrong one would shift all pixels behind it. */
async function readImage(dataset: Dataset<ImageSample>, index: number): Promise<ImageSample> {
  const from = `${where}: sample ${index} of the data set`;
  const sample = (await dataset.get(index)) as ImageSample | null | undefined;
  const { data } = checkPixels(sample?.image, from);
  if (!(data instanceof Uint8Array))
    throw new DataError(`${from} is a volume of floats; volumes are for a DataLoader, batch by batch`);
  const { label } = sample!;
  if (label !== undefined && label !== noLabel && !(Number.isInteger(label) && label >= 0 && label < 2 ** 31))
    throw new DataError(
      `${from} has the label ${describeValue(label)}, which is no class; a class is an integer from 0 on, and ${noLabel} is no label`,
    );
  return sample!;
}
