import type { BatchTask, BuiltBatch } from './build-batch.js';
import type { WorkerPool } from './worker-pool.js';

export interface PrefetchOptions {
  readonly pool: WorkerPool;
  readonly taskOf: (batch: number) => BatchTask;
  /** First batch, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Most batches under way or waiting, and most bytes of them (at least one batch all the same). */
  readonly prefetchBatches: number;
  readonly prefetchBytes: number;
}

/**
 * Batches in order, while the pool builds the following ones.
 *
 * A new task goes out for every batch that is taken, so that a slow consumer holds the workers back. Leaving the loop
 * early cancels what has not begun.
 */
export async function* prefetched(options: PrefetchOptions): AsyncGenerator<BuiltBatch> {
  const { pool, taskOf, from, to, prefetchBatches, prefetchBytes } = options;
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const ahead: Promise<BuiltBatch | undefined>[] = [];
  let next = from;
  const limit = (): number =>
    Math.min(
      prefetchBatches,
      pool.largestBatch === undefined ? 1 : Math.max(1, Math.floor(prefetchBytes / pool.largestBatch)),
    );
  const dispatch = (): void => {
    while (next < to && ahead.length < limit() && Atomics.load(cancelled, 0) === 0) {
      const result = pool.run(taskOf(next++), cancelled);
      result.then(
        dispatch,
        // Reported when the batch's turn comes.
        () => {},
      );
      ahead.push(result);
    }
  };
  try {
    dispatch();
    for (;;) {
      const first = ahead[0];
      if (first === undefined) return;
      const batch = await pool.wait(first);
      void ahead.shift();
      dispatch();
      if (batch !== undefined) yield batch;
    }
  } finally {
    Atomics.store(cancelled, 0, 1);
  }
}
