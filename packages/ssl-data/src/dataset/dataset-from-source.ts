import { DataError } from '@selfsup/ssl-core';
import { callExport } from '../io/import-export.js';
import type { Dataset, ImageSample } from './dataset.js';
import { type DatasetSource, plainSource } from './dataset-source.js';

/**
 * Opens a data set in this thread, as a worker of the loader does: for data sets made of others, whose options hold the
 * `source` of those.
 *
 * @throws InvalidOptionError for what is no source; DataError where the module cannot be imported, lacks the function, or
 *   the function returns no data set. What the function throws is thrown as it is
 */
export async function datasetFromSource<S = ImageSample>(source: DatasetSource): Promise<Dataset<S>> {
  const described = plainSource('datasetFromSource', 'source', source);
  const dataset = await callExport(described);
  const { length, get } = (dataset ?? {}) as { length?: unknown; get?: unknown };
  if (typeof length !== 'number' || typeof get !== 'function')
    throw new DataError(`'${described.exportName}' must return a data set with length and get(index)`, {
      path: described.module,
    });
  return dataset as Dataset<S>;
}
