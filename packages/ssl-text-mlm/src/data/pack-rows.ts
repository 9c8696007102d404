import { ndArray, type NdArray } from '@selfsup/ssl-tensor/host';
import type { PaddedRows } from './pad-rows.js';
import { type PairRows, RowTypes } from './row-types.js';
import type { TokenSamples } from './token-source.js';

/** Blocks of a batch, each with several texts one after the other. */
export interface PackedRows extends PaddedRows {
  /** `[batch, tokens]`, number of the text in the batch, from 0; -1 = padding. */
  readonly segments: NdArray<Int32Array>;
  /** `[batch, tokens]`, place of each token in its text, from 0; 0 for padding. */
  readonly positionIds: NdArray<Int32Array>;
}

/** Copies texts into `batchSize` blocks of `length` tokens; missing blocks are padding alone. */
export function packRows(
  dataset: TokenSamples,
  blocks: readonly ArrayLike<number>[],
  batchSize: number,
  length: number,
  padId: number,
): PackedRows & Pick<PairRows, 'tokenTypeIds'> {
  const size = batchSize * length;
  const inputIds = new Int32Array(size).fill(padId);
  const attentionMask = new Int32Array(size);
  const segments = new Int32Array(size).fill(-1);
  const positionIds = new Int32Array(size);
  const types = new RowTypes(batchSize, length);
  let text = 0;
  blocks.forEach((rows, block) => {
    let at = block * length;
    for (let row = 0; row < rows.length; row++) {
      const sample = dataset.get(rows[row]!);
      const { ids } = sample;
      types.add(sample, at);
      inputIds.set(ids, at);
      for (let place = 0; place < ids.length; place++) positionIds[at + place] = place;
      segments.fill(text++, at, at + ids.length);
      at += ids.length;
    }
    attentionMask.fill(1, block * length, at);
  });
  const shape = [batchSize, length];
  const { tokenTypeIds } = types.rows;
  return {
    inputIds: ndArray(inputIds, shape),
    attentionMask: ndArray(attentionMask, shape),
    segments: ndArray(segments, shape),
    positionIds: ndArray(positionIds, shape),
    ...(tokenTypeIds === undefined ? {} : { tokenTypeIds }),
  };
}
