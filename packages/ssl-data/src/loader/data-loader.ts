import type { Views } from '../views/multi-views.js';
import type { ImageBatch, ViewBatch } from './batch-loader.js';
import type { DataLoaderOptions } from './data-loader-options.js';
import { LoaderCore } from './loader-core.js';

/** What a loader with these options delivers. */
export type BatchOf<O extends DataLoaderOptions> = O extends { readonly views: Views }
  ? ViewBatch
  : 'views' extends keyof O
    ? ViewBatch | ImageBatch
    : ImageBatch;

/**
 * Shuffled, augmented batches of images, built ahead in worker threads.
 *
 * Order and content depend on the seed, the epoch and the position alone: any number of workers gives the same batches,
 * and an epoch can start anywhere without replaying what came before. Data sets in memory are shared with the workers,
 * not copied. Built-in data sets and views go to workers by themselves; others need a source or a module (see
 * `Dataset.source` and `ModuleView`) and are else built in the calling thread, which `inProcessReason` tells.
 *
 * @throws InvalidOptionError
 */
export class DataLoader<const O extends DataLoaderOptions> extends LoaderCore<O, BatchOf<O>> {}
