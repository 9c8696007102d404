import { DataError } from '@selfsup/ssl-core';
import type { IndexTarOptions } from './index-tar.js';
import { type OpenedShard, openShard } from './open-shard.js';
import type { ShardStore } from './shard-store.js';

/** A shard that was left out. */
export interface SkippedShard {
  /** Path or URL. */
  readonly shard: string;
  readonly reason: string;
}

export interface OpenShardsOptions extends Required<IndexTarOptions> {
  readonly onBadShard: 'fail' | 'skip';
  readonly maxBadShare: number;
}

/** Shards that are indexed at the same time. */
const lanes = 8;

/**
 * Opens shards, in order.
 *
 * @throws DataError for the first bad shard (`fail`), or when more than the allowed share is bad (`skip`)
 */
export async function openShards(
  locations: readonly string[],
  store: ShardStore,
  { onBadShard, maxBadShare, ...indexing }: OpenShardsOptions,
): Promise<{ readonly opened: readonly OpenedShard[]; readonly skipped: readonly SkippedShard[] }> {
  const results: (OpenedShard | DataError)[] = [];
  const allowed = onBadShard === 'fail' ? 0 : Math.max(1, Math.floor(maxBadShare * locations.length));
  let next = 0;
  let bad = 0;
  const lane = async (): Promise<void> => {
    while (next < locations.length && bad <= allowed) {
      const at = next++;
      try {
        results[at] = await openShard(locations[at]!, store, indexing);
      } catch (error) {
        if (!DataError.isInstance(error)) throw error;
        bad++;
        results[at] = error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const result of ended) if (result.status === 'rejected') throw result.reason;
  const errors = results.filter((result) => DataError.isInstance(result));
  if (errors.length > 0 && (onBadShard === 'fail' || errors.length === locations.length)) throw errors[0]!;
  if (errors.length > allowed)
    throw new DataError(
      `${errors.length} of ${locations.length} shards cannot be read, more than maxBadShare ${maxBadShare}; repair the data set. First failure: ${errors[0]!.message}`,
      { cause: errors[0] },
    );
  const opened = results.filter((result): result is OpenedShard => !DataError.isInstance(result));
  const skipped = results.flatMap((result, at) =>
    DataError.isInstance(result) ? [{ shard: locations[at]!, reason: result.message }] : [],
  );
  return { opened, skipped };
}
