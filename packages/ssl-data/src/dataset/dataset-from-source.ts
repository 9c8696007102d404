import { DataError } from '@selfsup/ssl-core';
import { callExport } from '../io/import-export.js';
import type { Dataset, DatasetSource, ImageSample } from './dataset.js';
import { ImageFilesDataset } from './image-files-dataset.js';
import { PackedImageDataset } from './packed-images.js';
import { SubsetDataset } from './subset.js';
import { LmdbDataset } from '../lmdb/lmdb-dataset.js';
import { ParquetImageDataset } from '../parquet/parquet-image-dataset.js';
import { WebDataset } from '../webdataset/web-dataset.js';

/** Opens a data set in this thread; throws {@link DataError} when a module does not deliver one. */
export async function datasetFromSource(source: DatasetSource): Promise<Dataset<ImageSample>> {
  switch (source.kind) {
    case 'packed-images':
      return new PackedImageDataset(source.packed);
    case 'image-files':
      return new ImageFilesDataset(source.root, source.paths, source.labels, source.decoding, source.checkLinks);
    case 'subset':
      return new SubsetDataset(await datasetFromSource(source.of), source.indices);
    case 'webdataset':
      return new WebDataset(source);
    case 'lmdb':
      return new LmdbDataset(source);
    case 'parquet':
      return new ParquetImageDataset(source);
    case 'module': {
      const dataset = await callExport(source);
      const { length, get } = (dataset ?? {}) as { length?: unknown; get?: unknown };
      if (typeof length !== 'number' || typeof get !== 'function')
        throw new DataError(`'${source.exportName}' must return a data set with length and get(index)`, {
          path: source.module,
        });
      return dataset as Dataset<ImageSample>;
    }
  }
}
