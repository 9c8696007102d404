import { availableParallelism } from 'node:os';
import { checkCount, DataError } from '@selfsup/ssl-core';
import type { Dataset } from '../dataset/dataset.js';
import { plainSource } from '../dataset/dataset-source.js';
import { DecodeBudget, threadDecodeBudget } from '../image/decode-budget.js';
import { type AnyView, resolveViews, specOfView } from '../views/view-from-spec.js';
import type { ModuleView, ViewSpec } from '../views/view.js';
import type { BatchLoader } from './batch-loader.js';
import {
  BatchBuilder,
  type BatchBuilderOptions,
  type BatchTask,
  type BuiltBatch,
  type LoaderSample,
} from './build-batch.js';
import { checkLoaderOptions, type LoaderOptions } from './data-loader-options.js';
import { EpochOrder } from './epoch-order.js';
import { prefetched } from './prefetched.js';
import { randomSampler } from './random-sampler.js';
import { sequentialSampler } from './sequential-sampler.js';
import { WorkerPool } from './worker-pool.js';
import type { WorkerSetup } from './worker-messages.js';

/** Any loader's options. */
export type CoreOptions = LoaderOptions<LoaderSample, AnyView>;

/** What loaders of images and of volumes have in common. */
export class LoaderCore<const O extends CoreOptions, B> implements BatchLoader<B> {
  readonly batchesPerEpoch: number;
  /** Worker threads in use; 0 = batches are built in the calling thread. */
  readonly workers: number;
  /** Why batches are built in the calling thread although workers were possible by the options; else `undefined`. */
  readonly inProcessReason: string | undefined;
  readonly #options: O;
  readonly #order: EpochOrder;
  readonly #building: Pick<BatchBuilderOptions, 'onError' | 'sampleTimeout'>;
  readonly #decodeBudget: DecodeBudget;
  /** Samples of an epoch. */
  readonly #length: number;
  readonly #setup: WorkerSetup | undefined;
  readonly #skipped = new Map<number, string>();
  #pool: WorkerPool | undefined;
  #builder: Promise<BatchBuilder> | undefined;
  #closed = false;

  constructor(options: O) {
    checkLoaderOptions(options);
    const { dataset, batchSize, shuffle = true, seed = 0, dropLast = true, workers } = options;
    const { onError = 'fail', sampleTimeout = 300 } = options;
    const sampler =
      options.sampler ?? (shuffle ? randomSampler(dataset.length, { seed }) : sequentialSampler(dataset.length));
    this.#options = options;
    this.#order = new EpochOrder({ sampler, seed, length: dataset.length, batchSize, onError });
    this.#decodeBudget =
      options.decodeMemory === undefined ? threadDecodeBudget() : new DecodeBudget(options.decodeMemory);
    this.#building = { onError, sampleTimeout };
    this.#length = sampler.length;
    this.batchesPerEpoch = (dropLast ? Math.floor : Math.ceil)(sampler.length / batchSize);
    const wanted = workers ?? Math.max(1, Math.min(4, availableParallelism() - 1));
    const specs = options.views?.map(specOfView);
    const described = wanted === 0 ? undefined : dataset.source;
    const source = described === undefined ? undefined : plainSource('DataLoader', 'dataset.source', described);
    if (wanted > 0 && source === undefined)
      this.inProcessReason = 'the data set has no source that a worker could open';
    else if (wanted > 0 && specs?.includes(undefined) === true)
      this.inProcessReason = 'a view is a function of your own; pass { module, exportName, options } instead';
    this.workers = this.inProcessReason === undefined ? wanted : 0;
    if (this.workers > 0 && source !== undefined)
      this.#setup = { source, views: specs as readonly ViewSpec[] | undefined, ...this.#building };
    if (this.inProcessReason !== undefined && workers !== undefined) {
      process.emitWarning(`DataLoader builds batches in the calling thread: ${this.inProcessReason}`, {
        code: 'SSL_DATA_IN_PROCESS',
      });
    }
  }

  /** Samples that could not be read so far and why, by number, over all epochs (with `onError: 'skip'`). */
  get skipped(): ReadonlyMap<number, string> {
    return this.#skipped;
  }

  /**
   * @param epoch 0-based
   * @param fromBatch first batch, for a run that goes on
   * @throws InvalidOptionError; DataError when a sample cannot be read (with path and offset where the data set has
   * them) or takes longer than `sampleTimeout`, too many were skipped, a worker crashed, or the sampler is at odds with
   * the data set
   */
  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<B, void, undefined> {
    checkCount('DataLoader', { epoch, fromBatch }, 0);
    const taskOf = this.#order.tasks(epoch);
    const skipped = new Set<number>();
    const batches =
      this.#setup === undefined ? this.#inProcess(taskOf, fromBatch) : this.#ahead(this.#setup, taskOf, fromBatch);
    for await (const built of batches) {
      this.#count(built, skipped);
      yield this.#deliver(built);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.close(closedError());
  }

  async *#inProcess(taskOf: (batch: number) => BatchTask, fromBatch: number): AsyncGenerator<BuiltBatch> {
    const { dataset, views } = this.#options;
    this.#builder ??= openBuilder(dataset, views, { ...this.#building, decodeBudget: this.#decodeBudget });
    const builder = await this.#builder;
    for (let batch = fromBatch; batch < this.batchesPerEpoch; batch++) {
      if (this.#closed) throw closedError();
      yield await builder.build(taskOf(batch));
    }
  }

  #ahead(setup: WorkerSetup, taskOf: (batch: number) => BatchTask, fromBatch: number): AsyncGenerator<BuiltBatch> {
    if (this.#closed) throw closedError();
    // A pool that broke is replaced: the next epoch starts afresh.
    if (this.#pool?.failure !== undefined) this.#pool = undefined;
    this.#pool ??= new WorkerPool(setup, this.workers, this.#decodeBudget);
    const { prefetchBatches = Math.max(4, 2 * this.workers), prefetchBytes = 2 ** 29 } = this.#options;
    return prefetched({
      pool: this.#pool,
      taskOf,
      from: fromBatch,
      to: this.batchesPerEpoch,
      prefetchBatches,
      prefetchBytes,
    });
  }

  /** @param skipped what was skipped in this epoch */
  #count(built: BuiltBatch, skipped: Set<number>): void {
    for (const { index, reason } of built.skipped) {
      skipped.add(index);
      this.#skipped.set(index, reason);
    }
    const { maxSkippedShare = 0.01 } = this.#options;
    if (skipped.size > maxSkippedShare * this.#length) {
      const [first] = skipped;
      throw new DataError(
        `${skipped.size} of ${this.#length} samples cannot be read, more than maxSkippedShare ${maxSkippedShare}; repair the data set. First failure: ${this.#skipped.get(first!)}`,
      );
    }
  }

  #deliver({ arrays, index, labels, boxes }: BuiltBatch): B {
    const rest = labels === undefined ? { index } : { index, labels };
    const located = boxes === undefined ? {} : { boxes };
    if (this.#options.views !== undefined) return { views: arrays, ...located, ...rest } as B;
    const [array] = arrays;
    return { [array!.data instanceof Float32Array ? 'volumes' : 'images']: array, ...rest } as B;
  }
}

function closedError(): DataError {
  return new DataError('the loader was closed; make a new DataLoader');
}

async function openBuilder(
  dataset: Dataset<LoaderSample>,
  views: readonly (AnyView | ModuleView)[] | undefined,
  options: BatchBuilderOptions,
): Promise<BatchBuilder> {
  return new BatchBuilder(dataset, views === undefined ? undefined : await resolveViews(views), options);
}
