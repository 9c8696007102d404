import {
  checkChoice,
  checkCount,
  checkInteger,
  checkOptions,
  checkShare,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-core';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { checkDecodeMemory } from '../image/decode-budget.js';
import type { ModuleView, View } from '../views/view.js';
import type { OnError } from './build-batch.js';
import type { Sampler } from './sampler.js';
import { checkDataset } from '../dataset/check-dataset.js';

export type DataLoaderOptions = LoaderOptions<ImageSample, View>;

/** Options of a loader of samples `S` with views `V`. */
export interface LoaderOptions<S, V> {
  readonly dataset: Dataset<S>;
  /** One entry per view; without views the batches hold the samples as they are. */
  readonly views?: readonly (V | ModuleView)[];
  /** Samples per batch. */
  readonly batchSize: number;
  /** A new order every epoch. Default true. */
  readonly shuffle?: boolean;
  /**
   * Which samples an epoch has, in which order, in place of `shuffle`: `randomSampler`, `balancedSampler`,
   * `distributedSampler`, `repeatedAugmentation`, `shardSampler`, or one's own.
   */
  readonly sampler?: Sampler;
  /** Seed of order and views; a sampler has a seed of its own. Default 0. */
  readonly seed?: number;
  /** Leave out the last batch of an epoch when it is not full. Default true. */
  readonly dropLast?: boolean;
  /**
   * Worker threads; 0 builds batches in the calling thread when they are asked for. Default: as many as the machine has
   * cores less one, at least 1 and at most 4, and 0 for data sets and views that cannot go to workers.
   */
  readonly workers?: number;
  /** Batches that are built ahead. Default: the greater of 4 and twice the workers. */
  readonly prefetchBatches?: number;
  /**
   * Bytes that may wait or be under way, over all batches built ahead (but always one batch). The first batch tells how
   * large they are, so the second one begins when it is there. Default 512 MiB.
   */
  readonly prefetchBytes?: number;
  /**
   * Bytes that pictures may take while they are decoded, over all samples and workers of the loader. Pictures wait for
   * one another; one that takes more than all of it is decoded alone. What a picture takes is estimated from its size and
   * format: 4 to 24 bytes a pixel, and its file. Default: those of the calling thread (`setDecodeMemory`, 1 GiB), shared
   * with its other loaders and its own calls of `decodeImage`.
   */
  readonly decodeMemory?: number;
  /**
   * `fail` ends the epoch at a sample that cannot be read, or that a view refuses with a DataError (too large for it).
   * `skip` puts another sample of the epoch in its place, drawn
   * from (seed, epoch, batch): batches keep their size and are the same for any number of workers. Default `fail`.
   */
  readonly onError?: OnError;
  /** With `skip`: largest part of an epoch's samples that may be unreadable, 0..1. Default 0.01. */
  readonly maxSkippedShare?: number;
  /**
   * Seconds that one sample may take; a longer one ends the epoch with a DataError, whatever `onError` says, and so does
   * a worker that gets no further for that long. `Infinity` waits for ever. Without workers, a `get` that blocks the
   * thread is not noticed. Default 300.
   */
  readonly sampleTimeout?: number;
}

const loaderOptionNames: OptionNames<LoaderOptions<object, object>> = {
  dataset: 'required',
  views: 'optional',
  batchSize: 'requiredNumber',
  shuffle: 'optionalFlag',
  sampler: 'optional',
  seed: 'optionalNumber',
  dropLast: 'optionalFlag',
  workers: 'optionalNumber',
  prefetchBatches: 'optionalNumber',
  prefetchBytes: 'optionalNumber',
  decodeMemory: 'optionalNumber',
  onError: 'optional',
  maxSkippedShare: 'optionalNumber',
  sampleTimeout: 'optionalNumber',
};

const where = 'DataLoader';

/** Throws {@link InvalidOptionError} for an option that is not accepted. */
export function checkLoaderOptions(options: LoaderOptions<unknown, unknown>): void {
  const {
    dataset,
    views,
    batchSize,
    shuffle,
    sampler,
    dropLast = true,
    seed = 0,
    workers,
    prefetchBatches,
    prefetchBytes,
    decodeMemory,
    onError = 'fail',
    maxSkippedShare = 0,
    sampleTimeout = Infinity,
  } = checkOptions(where, options, loaderOptionNames);
  checkDataset(where, 'dataset', dataset);
  if (dataset.length === 0) throw new InvalidOptionError(where, 'dataset', 'of at least one sample', 'an empty one');
  checkViews(views);
  checkCount(where, { batchSize });
  checkInteger(where, 'seed', seed);
  if (workers !== undefined) checkCount(where, { workers }, 0);
  if (prefetchBatches !== undefined) checkCount(where, { prefetchBatches });
  if (prefetchBytes !== undefined && !(prefetchBytes > 0))
    throw new InvalidOptionError(where, 'prefetchBytes', 'positive', prefetchBytes);
  if (decodeMemory !== undefined) checkDecodeMemory(where, 'decodeMemory', decodeMemory);
  if (sampler !== undefined && shuffle !== undefined)
    throw new InvalidOptionError(where, 'shuffle', 'left out with a sampler, which has the order', shuffle);
  if (sampler !== undefined && typeof (sampler as Sampler | null)?.indices !== 'function')
    throw new InvalidOptionError(where, 'sampler', 'a sampler, such as randomSampler(dataset.length)', sampler);
  if (sampler !== undefined) checkCount(where, { 'sampler.length': sampler.length });
  const length = sampler?.length ?? dataset.length;
  if (dropLast && length < batchSize)
    throw new InvalidOptionError(
      where,
      'batchSize',
      `at most the samples of an epoch, ${length}, with dropLast (or set dropLast: false)`,
      batchSize,
    );
  checkChoice(where, 'onError', onError, ['fail', 'skip']);
  checkShare(where, { maxSkippedShare });
  // Longer timers than this fire at once.
  if (!(sampleTimeout > 0 && (sampleTimeout <= 2e6 || sampleTimeout === Infinity)))
    throw new InvalidOptionError(where, 'sampleTimeout', 'above 0 and at most 2e6 s, or Infinity', sampleTimeout);
}

/** A view may be a function, with or without a description, or a module that has one. */
function checkViews(views: unknown): void {
  if (views === undefined) return;
  if (!Array.isArray(views)) {
    const advice =
      typeof views === 'function' ? 'Write [view], or twoViews(view)' : 'Such as simclrViews({ size: 32 })';
    throw new InvalidOptionError(where, 'views', 'an array of views', views, advice);
  }
  if (views.length === 0) throw new InvalidOptionError(where, 'views', 'at least one view (or leave it out)', '[]');
  views.forEach((view: unknown, index) => {
    const isModule = typeof view === 'object' && view !== null && 'module' in view;
    if (typeof view === 'function' || isModule) return;
    const advice = Array.isArray(view) ? 'Is it a list of views within the list? Spread it: [...views]' : undefined;
    throw new InvalidOptionError(where, `views[${index}]`, 'a view: (image, random) => image', view, advice);
  });
}
