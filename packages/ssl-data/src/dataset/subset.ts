import { checkInteger, InvalidOptionError } from '@selfsup/ssl-core';
import type { PixelMemory } from '../image/pixel-memory.js';
import { checkIndex } from './check-index.js';
import type { Dataset } from './dataset.js';
import { type DatasetSource, ownSource, plainSource } from './dataset-source.js';
import { sharedIntegers } from './shared-memory.js';
import { checkDataset } from './check-dataset.js';

/** All that a thread needs to open a subset. */
export interface SubsetSource {
  readonly of: DatasetSource;
  readonly indices: Int32Array;
}

/** Some samples of another data set, in a given order. */
export class SubsetDataset<S> implements Dataset<S> {
  readonly length: number;
  /** Numbers in the whole data set, `[length]`. */
  readonly indices: Int32Array;
  /** The data set that they are samples of. */
  readonly whole: Dataset<S>;

  constructor(of: Dataset<S>, indices: Int32Array) {
    this.whole = of;
    this.indices = indices;
    this.length = indices.length;
  }

  get source(): DatasetSource | undefined {
    const source = this.whole.source;
    if (source === undefined) return undefined;
    const of = plainSource('SubsetDataset', 'source of the whole', source);
    return ownSource('subset', { of, indices: sharedIntegers(this.indices) } satisfies SubsetSource);
  }

  /** Names of the classes of the whole data set, whose numbers stay. */
  get classes(): readonly string[] | undefined {
    return this.whole.classes;
  }

  get(index: number, memory?: PixelMemory): S | Promise<S> {
    checkIndex('SubsetDataset.get', index, this.length);
    return this.whole.get(this.indices[index]!, memory);
  }
}

/**
 * The samples `indices` of a data set, in that order.
 *
 * @throws InvalidOptionError for an index outside the data set
 */
export function subset<S>(dataset: Dataset<S>, indices: ArrayLike<number>): SubsetDataset<S> {
  checkDataset('subset', 'dataset', dataset);
  if (typeof (indices as ArrayLike<number> | undefined)?.length !== 'number')
    throw new InvalidOptionError('subset', 'indices', 'an array of sample numbers', indices);
  const checked = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    checkIndex('subset', indices[i]!, dataset.length);
    checked[i] = indices[i]!;
  }
  return new SubsetDataset(dataset, checked);
}

/**
 * The first `count` samples.
 *
 * @throws InvalidOptionError when there are fewer
 */
export function takeFirst<S>(dataset: Dataset<S>, count: number): SubsetDataset<S> {
  checkDataset('takeFirst', 'dataset', dataset);
  checkInteger('takeFirst', 'count', count, 1, dataset.length);
  return new SubsetDataset(
    dataset,
    Int32Array.from({ length: count }, (_, index) => index),
  );
}
