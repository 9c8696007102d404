import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor';
import type { BertConfig } from './bert-config.js';

/** What a BERT reads. */
export interface BertInputs {
  /** int32 `[batch, tokens]`. */
  readonly inputIds: tf.Tensor;
  /** int32 `[batch, tokens]`, 1 = token, 0 = padding. Default: no padding. */
  readonly attentionMask?: tf.Tensor;
  /** int32 `[batch, tokens]`, segment of each token. Default: all 0. */
  readonly tokenTypeIds?: tf.Tensor;
}

/** @throws ShapeError if an input is not `[batch, tokens]` or longer than the position embedding */
export function checkBertInputs(
  { inputIds, attentionMask, tokenTypeIds }: BertInputs,
  config: BertConfig,
): { batch: number; tokens: number } {
  const text = (tensor: tf.Tensor): string => `[${tensor.shape.join(', ')}]`;
  const [batch, tokens] = inputIds.shape;
  if (inputIds.rank !== 2 || batch === undefined || tokens === undefined || tokens > config.maxPositionEmbeddings) {
    throw new ShapeError(
      'BertModel.forward',
      'inputIds',
      `[batch, tokens] with at most ${config.maxPositionEmbeddings} tokens`,
      text(inputIds),
    );
  }
  for (const [name, tensor] of [
    ['attentionMask', attentionMask],
    ['tokenTypeIds', tokenTypeIds],
  ] as const) {
    if (tensor !== undefined && text(tensor) !== text(inputIds))
      throw new ShapeError('BertModel.forward', name, text(inputIds), text(tensor));
  }
  return { batch, tokens };
}
