import type * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import type { ModernBertConfig } from './modern-bert-config.js';

/** What a ModernBERT reads. */
export interface ModernBertInputs {
  /** int32 `[batch, tokens]`. */
  readonly inputIds: tf.Tensor;
  /** int32 `[batch, tokens]`, 1 = token, 0 = padding. Default: no padding. */
  readonly attentionMask?: tf.Tensor;
  /**
   * int32 `[batch, tokens]`, which of several texts in a row a token belongs to: attention stays within equal numbers.
   * Default: each row is one text.
   */
  readonly segments?: tf.Tensor;
  /** int32 `[batch, tokens]`, place of each token in its text. Default: the place in the row. */
  readonly positionIds?: tf.Tensor;
}

/** @throws ShapeError if an input is not `[batch, tokens]` or too long; InvalidOptionError without ids, or with token types */
export function checkModernBertInputs(
  inputs: ModernBertInputs,
  config: ModernBertConfig,
): { readonly batch: number; readonly tokens: number } {
  const where = 'ModernBertModel.forward';
  const given = (inputs ?? {}) as Partial<ModernBertInputs> & { readonly tokenTypeIds?: unknown };
  if (given.inputIds === undefined) {
    const advice = "Of ids it is { inputIds: tf.tensor2d(ids, [batch, tokens], 'int32') }";
    throw new InvalidOptionError(where, 'inputs', 'a record with inputIds', inputs, advice);
  }
  if (given.tokenTypeIds !== undefined) {
    const advice = 'Of two sentences give the ids alone, [CLS] a [SEP] b [SEP]';
    throw new InvalidOptionError(
      where,
      'tokenTypeIds',
      'left out: ModernBERT has no embedding of token types',
      given.tokenTypeIds,
      advice,
    );
  }
  const { inputIds, attentionMask, segments, positionIds } = inputs;
  const text = (tensor: tf.Tensor): string => `[${tensor.shape.join(', ')}]`;
  checkIsTensor(where, 'inputIds', inputIds, 'int32 [batch, tokens]');
  const [batch, tokens] = inputIds.shape;
  const most = config.maxPositionEmbeddings;
  if (inputIds.rank !== 2 || batch === undefined || tokens === undefined || tokens > most)
    throw new ShapeError(where, 'inputIds', `[batch, tokens] with at most ${most} tokens`, text(inputIds));
  for (const [name, tensor] of Object.entries({ attentionMask, segments, positionIds })) {
    if (tensor === undefined) continue;
    checkIsTensor(where, name, tensor, 'int32 [batch, tokens]');
    if (text(tensor) !== text(inputIds)) throw new ShapeError(where, name, text(inputIds), text(tensor));
  }
  return { batch, tokens };
}
