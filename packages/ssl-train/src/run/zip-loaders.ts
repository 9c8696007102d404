import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { checkInteger } from '@selfsup/ssl-core';
import type { BatchLoader } from './batch-loader.js';
import { batchesOf } from './batches-of.js';

/** The batches of loaders by the loaders' names. */
export type ZippedBatch<L extends Readonly<Record<string, BatchLoader<unknown>>>> = {
  readonly [name in keyof L]: L[name] extends BatchLoader<infer B> ? B : never;
};

/**
 * One loader of several, whose batches hold a batch of each: labelled and unlabelled images, two corpora. An epoch is as
 * long as the first one's; the others go through epochs of their own beside it, so that the batch of a position still
 * depends on the position alone. Closing it closes all.
 *
 * @throws InvalidOptionError for no loader at all, and for one without batches
 *
 * @example
 * const loader = zipLoaders({ unlabelled, labelled }); // { unlabelled: batch, labelled: batch }
 */
export function zipLoaders<L extends Readonly<Record<string, BatchLoader<unknown>>>>(
  loaders: L,
): BatchLoader<ZippedBatch<L>> {
  const parts = Object.entries(loaders);
  if (parts.length === 0) throw new InvalidOptionError('zipLoaders', 'loaders', 'loaders by name', 'none');
  for (const [name, loader] of parts) {
    if (typeof (loader as Partial<BatchLoader<unknown>> | undefined)?.epoch !== 'function')
      throw new InvalidOptionError('zipLoaders', name, 'a loader', loader);
    checkInteger('zipLoaders', `${name}.batchesPerEpoch`, loader.batchesPerEpoch, 1);
  }
  const { batchesPerEpoch } = parts[0]![1];
  return {
    batchesPerEpoch,
    async *epoch(epoch, fromBatch = 0) {
      const sources = parts.map(([, loader]) => endless(loader, epoch * batchesPerEpoch + fromBatch));
      try {
        for (let position = fromBatch; position < batchesPerEpoch; position++) {
          // Together: each loads while the others do.
          const next = await Promise.all(sources.map((source) => source.next()));
          yield Object.fromEntries(parts.map(([name], index) => [name, next[index]!.value])) as ZippedBatch<L>;
        }
      } finally {
        await Promise.all(sources.map((source) => source.return(undefined)));
      }
    },
    async close() {
      await Promise.all(parts.map(([, loader]) => loader.close()));
    },
  };
}

/** Epoch after epoch of a loader, from a position counted over all epochs. */
async function* endless<B>(loader: BatchLoader<B>, from: number): AsyncGenerator<B, undefined> {
  for (let epoch = Math.floor(from / loader.batchesPerEpoch), first = from % loader.batchesPerEpoch; ; epoch++) {
    yield* batchesOf(loader, epoch, first);
    first = 0;
  }
}
