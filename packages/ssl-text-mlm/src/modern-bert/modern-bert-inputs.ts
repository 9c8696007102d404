import type * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';
import type { ModernBertConfig } from './modern-bert-config.js';

/** What a ModernBERT reads: it has no token types. */
export type ModernBertInputs = Omit<BertInputs, 'tokenTypeIds'>;

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
    const advice = 'Of two sentences give the ids alone, [CLS] a [SEP] b [SEP] (of an MlmLoader by tokenTypes: false)';
    throw new InvalidOptionError(
      where,
      'tokenTypeIds',
      'left out: ModernBERT has no embedding of token types',
      given.tokenTypeIds,
      advice,
    );
  }
  const { inputIds, attentionMask, segments, positionIds, inputsEmbeds } = inputs;
  const text = (tensor: tf.Tensor): string => `[${tensor.shape.join(', ')}]`;
  checkIsTensor(where, 'inputIds', inputIds, 'int32 [batch, tokens]');
  const [batch, tokens] = inputIds.shape;
  // Places that are given may start anew along a row, which is then longer than any text.
  const most = positionIds === undefined ? config.maxPositionEmbeddings : Infinity;
  if (inputIds.rank !== 2 || batch === undefined || tokens === undefined || tokens > most)
    throw new ShapeError(where, 'inputIds', `[batch, tokens] with at most ${most} tokens`, text(inputIds));
  for (const [name, tensor] of Object.entries({ attentionMask, segments, positionIds })) {
    if (tensor === undefined) continue;
    checkIsTensor(where, name, tensor, 'int32 [batch, tokens]');
    if (text(tensor) !== text(inputIds)) throw new ShapeError(where, name, text(inputIds), text(tensor));
  }
  if (inputsEmbeds !== undefined) {
    const wanted = `[${batch}, ${tokens}, ${config.hiddenSize}]`;
    checkIsTensor(where, 'inputsEmbeds', inputsEmbeds, `float32 ${wanted}`);
    if (text(inputsEmbeds) !== wanted) throw new ShapeError(where, 'inputsEmbeds', wanted, text(inputsEmbeds));
  }
  return { batch, tokens };
}
