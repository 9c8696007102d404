import { DataError } from '@selfsup/ssl-core';
import { readWhole } from '../io/read-whole.js';
import { LmdbDataset } from '../lmdb/lmdb-dataset.js';
import { ParquetImageDataset } from '../parquet/parquet-image-dataset.js';
import { WebDataset } from '../webdataset/web-dataset.js';
import type { Dataset, ImageSample } from './dataset.js';
import { ImageFilesDataset } from './image-files-dataset.js';
import { SubsetDataset } from './subset.js';

/** Larger files than a shard takes are no pictures. */
const maxFileBytes = 2 ** 31 - 1;

/** Samples as the bytes of image files. */
export interface PackableSamples {
  readonly length: number;
  /** Class of each sample, where all are known beforehand. */
  readonly labels: ArrayLike<number> | undefined;
  /** Path of a sample's file, relative to its folder; only files have one. */
  readonly path?: ((index: number) => string) | undefined;
  get(index: number): Promise<{ readonly bytes: Uint8Array; readonly label: number | undefined }>;
}

/**
 * Looks through a data set to stored image files; what has none is encoded.
 *
 * @param encode for data sets whose images are arrays
 */
export async function packableSamples(
  dataset: Dataset<ImageSample>,
  encode: (sample: ImageSample) => Promise<Uint8Array>,
): Promise<PackableSamples> {
  const { length } = dataset;
  if (dataset instanceof SubsetDataset) {
    const { indices, whole } = dataset as SubsetDataset<ImageSample>;
    const of = await packableSamples(whole, encode);
    const { labels, path } = of;
    return {
      length,
      labels: labels === undefined ? undefined : Array.from(indices, (index) => labels[index]!),
      path: path && ((index) => path(indices[index]!)),
      get: (index) => of.get(indices[index]!),
    };
  }
  if (dataset instanceof ImageFilesDataset) {
    const { labels } = dataset;
    return {
      length,
      labels,
      path: (index) => dataset.relativePath(index),
      async get(index) {
        const file = await dataset.checkedPath(index);
        return { bytes: await readWhole(file, maxFileBytes), label: labels?.[index] };
      },
    };
  }
  if (dataset instanceof LmdbDataset) {
    const { labels } = dataset;
    return {
      length,
      labels,
      get: async (index) => ({ bytes: (await dataset.getRaw(index)).bytes, label: labels?.[index] }),
    };
  }
  if (dataset instanceof ParquetImageDataset) {
    const labels = dataset.hasLabels ? await dataset.loadLabels() : undefined;
    return {
      length,
      labels,
      get: async (index) => ({ bytes: (await dataset.getRaw(index)).bytes, label: labels?.[index] }),
    };
  }
  if (dataset instanceof WebDataset) {
    const labels = dataset.hasLabels ? await dataset.loadLabels() : undefined;
    return {
      length,
      labels,
      async get(index) {
        const { key, members } = await dataset.getRaw(index);
        const extension = dataset.imageExtensions.find((name) => members.has(name));
        if (extension === undefined)
          throw new DataError(`sample '${key}' has no image`, { path: dataset.shard(index) });
        return { bytes: members.get(extension)!, label: labels?.[index] };
      },
    };
  }
  return {
    length,
    labels: undefined,
    async get(index) {
      const sample = await dataset.get(index);
      return { bytes: await encode(sample), label: sample.label };
    },
  };
}
