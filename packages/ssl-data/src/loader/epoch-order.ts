import { DataError, foldIn, RandomStream } from '@selfsup/ssl-core';
import type { BatchTask, OnError } from './build-batch.js';
import { copiesOf } from './copies-of.js';
import type { Sampler } from './sampler.js';
import { epochViewKey } from './view-keys.js';

export interface EpochOrderOptions {
  readonly sampler: Sampler;
  /** Seed of views and spares. */
  readonly seed: number;
  /** Samples of the data set, `0 .. length - 1`. */
  readonly length: number;
  readonly batchSize: number;
  readonly onError: OnError;
}

/** Spares beyond one for each sample of a batch: were a tenth of all samples unreadable, 17 in a row hardly ever would be. */
const extraSpares = 16;

/** What is in each batch of each epoch, and the keys of its views. */
export class EpochOrder {
  readonly #options: EpochOrderOptions;

  constructor(options: EpochOrderOptions) {
    this.#options = options;
  }

  /**
   * The batches of an epoch by their position.
   *
   * @throws DataError when the sampler gives other than it said
   */
  tasks(epoch: number): (batch: number) => BatchTask {
    const { sampler, seed, batchSize, onError } = this.#options;
    const indices = sampler.indices(epoch);
    const copies = copiesOf(sampler, epoch, indices);
    this.#check(indices, copies);
    const epochKey = epochViewKey(seed, epoch);
    const spareKey = foldIn(epochKey, 'spares');
    return (batch) => {
      const [from, to] = [batch * batchSize, Math.min((batch + 1) * batchSize, indices.length)];
      const random = new RandomStream(foldIn(spareKey, batch));
      return {
        indices: indices.slice(from, to),
        copies: copies.slice(from, to),
        spares: Int32Array.from(
          { length: onError === 'skip' ? to - from + extraSpares : 0 },
          () => indices[random.integer(indices.length)]!,
        ),
        epochKey,
      };
    };
  }

  #check(indices: Int32Array, copies: Int32Array): void {
    const { sampler, length } = this.#options;
    if (indices.length !== sampler.length || copies.length !== sampler.length)
      throw new DataError(
        `the sampler gave ${indices.length} samples and ${copies.length} copies, its length is ${sampler.length}`,
      );
    const wrong = indices.findIndex((index) => index < 0 || index >= length);
    if (wrong >= 0)
      throw new DataError(
        `the sampler gave sample ${indices[wrong]!} at position ${wrong}, the data set has ${length}; make it for this data set`,
      );
  }
}
