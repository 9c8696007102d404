import { ndArray, type NdArray } from '@selfsup/ssl-tensor/host';
import type { TokenSource } from './token-source.js';

/** Sequences of a batch, padded on the right. */
export interface PaddedRows {
  /** `[batch, tokens]`. */
  readonly inputIds: NdArray<Int32Array>;
  /** `[batch, tokens]`, 1 = token, 0 = padding. */
  readonly attentionMask: NdArray<Int32Array>;
}

/** Copies sequences into one block of `batchSize` rows of `length` tokens; missing rows are padding alone. */
export function padRows(
  dataset: TokenSource,
  rows: ArrayLike<number>,
  batchSize: number,
  length: number,
  padId: number,
): PaddedRows {
  const inputIds = new Int32Array(batchSize * length).fill(padId);
  const attentionMask = new Int32Array(batchSize * length);
  for (let index = 0; index < rows.length; index++) {
    const { ids } = dataset.get(rows[index]!);
    inputIds.set(ids, index * length);
    attentionMask.fill(1, index * length, index * length + ids.length);
  }
  return {
    inputIds: ndArray(inputIds, [batchSize, length]),
    attentionMask: ndArray(attentionMask, [batchSize, length]),
  };
}
