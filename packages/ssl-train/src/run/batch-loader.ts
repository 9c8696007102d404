/** Where batches come from; `DataLoader` of @selfsup/ssl-data is one. */
export interface BatchLoader<B> {
  readonly batchesPerEpoch: number;
  /**
   * Batches of one epoch, from a position. Order and content must depend on the epoch and the position alone, so that a
   * resumed run sees what an unbroken one would.
   *
   * @param epoch counted from 0
   * @param fromBatch batches to leave out at the start. Default 0
   */
  epoch(epoch: number, fromBatch?: number): AsyncIterable<B>;
  close(): Promise<void>;
}
