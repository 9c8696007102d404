import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { BatchLoader } from './batch-loader.js';

/**
 * The batches of an epoch, from a position on. A loader is often the user's own.
 *
 * @throws InvalidOptionError where `epoch()` returns nothing to iterate over, or yields no batch
 */
export async function* batchesOf<B>(loader: BatchLoader<B>, epoch: number, from: number): AsyncGenerator<B> {
  const batches: unknown = loader.epoch(epoch, from);
  if (!isIterable(batches)) {
    const advice =
      'Write async *epoch(epoch, fromBatch) { yield batch; }, or return an array of batches; an async function returns a promise of them';
    throw new InvalidOptionError('Trainer', 'loader.epoch()', 'batches one after the other', batches, advice);
  }
  for await (const batch of batches as AsyncIterable<B>) {
    if (typeof batch !== 'object' || batch === null) {
      const advice = 'Such as { views: [first, second] } of { data, shape }';
      throw new InvalidOptionError('Trainer', 'a batch of loader.epoch()', 'a record of arrays', batch, advice);
    }
    yield batch;
  }
}

const isIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
