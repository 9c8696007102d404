import { InvalidOptionError } from '@selfsup/ssl-core';
import type { Dataset } from './dataset.js';

/** @throws InvalidOptionError unless it has `length` and `get`: for a promise of a data set, samples, or a folder's name */
export function checkDataset(where: string, option: string, dataset: unknown): void {
  const { get, length } = (typeof dataset === 'object' && dataset !== null ? dataset : {}) as Partial<Dataset<unknown>>;
  if (typeof get === 'function' && typeof length === 'number') return;
  const advice = Array.isArray(dataset)
    ? 'Samples in memory are new ArrayDataset(samples) or new ImageArrayDataset(images)'
    : 'A data set has length and get(index), such as await ImageFolderDataset.open(folder)';
  throw new InvalidOptionError(where, option, 'a data set', dataset, advice);
}
