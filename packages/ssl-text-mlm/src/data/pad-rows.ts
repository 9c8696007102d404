import { ndArray, type NdArray } from '@selfsup/ssl-tensor/host';
import { type PairRows, RowTypes } from './row-types.js';
import type { TokenSamples } from './token-source.js';

/** Sequences of a batch, padded on the right. */
export interface PaddedRows {
  /** `[batch, tokens]`. */
  readonly inputIds: NdArray<Int32Array>;
  /** `[batch, tokens]`, 1 = token, 0 = padding. */
  readonly attentionMask: NdArray<Int32Array>;
}

/** Copies sequences into one block of `batchSize` rows of `length` tokens; missing rows are padding alone. Pairs have types. */
export function padRows(
  dataset: TokenSamples,
  rows: ArrayLike<number>,
  batchSize: number,
  length: number,
  padId: number,
): PaddedRows & PairRows {
  const inputIds = new Int32Array(batchSize * length).fill(padId);
  const attentionMask = new Int32Array(batchSize * length);
  const types = new RowTypes(batchSize, length);
  for (let index = 0; index < rows.length; index++) {
    const sample = dataset.get(rows[index]!);
    const { ids } = sample;
    types.add(sample, index * length);
    inputIds.set(ids, index * length);
    attentionMask.fill(1, index * length, index * length + ids.length);
  }
  return {
    inputIds: ndArray(inputIds, [batchSize, length]),
    attentionMask: ndArray(attentionMask, [batchSize, length]),
    ...types.rows,
  };
}
