import { ndArray } from '@selfsup/ssl-tensor/host';
import type { EncodedBatch } from './text-tokenizer.js';

/** Ids of a text, and of a pair the types. */
interface Encoded {
  readonly ids: ArrayLike<number>;
  readonly typeIds?: Int32Array;
}

/**
 * Encoded texts as one batch, filled up on the right.
 *
 * @param width tokens of a row; undefined: those of the longest text
 */
export function padEncoded(encoded: readonly Encoded[], width: number | undefined, padId: number): EncodedBatch {
  const tokens = width ?? encoded.reduce((longest, { ids }) => Math.max(longest, ids.length), 0);
  const shape = [encoded.length, tokens];
  const inputIds = new Int32Array(encoded.length * tokens).fill(padId);
  const attentionMask = new Int32Array(encoded.length * tokens);
  const isPair = encoded.some(({ typeIds }) => typeIds !== undefined);
  const types = new Int32Array(isPair ? encoded.length * tokens : 0);
  encoded.forEach(({ ids, typeIds }, index) => {
    inputIds.set(ids, index * tokens);
    attentionMask.fill(1, index * tokens, index * tokens + ids.length);
    if (typeIds !== undefined) types.set(typeIds, index * tokens);
  });
  return {
    inputIds: ndArray(inputIds, shape),
    attentionMask: ndArray(attentionMask, shape),
    ...(isPair ? { tokenTypeIds: ndArray(types, shape) } : {}),
  };
}
