import type * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

/** What a BERT reads. */
export interface BertInputs {
  /** int32 `[batch, tokens]`. */
  readonly inputIds: tf.Tensor;
  /** int32 `[batch, tokens]`, 1 = token, 0 = padding. Default: no padding. */
  readonly attentionMask?: tf.Tensor;
  /** int32 `[batch, tokens]`, segment of each token. Default: all 0. */
  readonly tokenTypeIds?: tf.Tensor;
  /**
   * int32 `[batch, tokens]`, which of several texts of a row a token belongs to: attention stays within equal numbers.
   * Default: each row is one text.
   */
  readonly segments?: tf.Tensor;
  /** int32 `[batch, tokens]`, place of each token in its text, from 0. Default: the place in the row. */
  readonly positionIds?: tf.Tensor;
  /**
   * float32 `[batch, tokens, width]`, vectors of the tokens in place of those of the word embedding, for encoders that say
   * `readsInputsEmbeds`. Default: these.
   */
  readonly inputsEmbeds?: tf.Tensor;
}

/** @throws ShapeError if an input is not `[batch, tokens]` or longer than the position embedding */
export function checkBertInputs(
  inputs: BertInputs,
  maxTokens: number,
  width: number,
): { batch: number; tokens: number } {
  const where = 'BertModel.forward';
  const given = (inputs ?? {}) as Partial<BertInputs>;
  if (given.inputIds === undefined) {
    const advice = "Of ids it is { inputIds: tf.tensor2d(ids, [batch, tokens], 'int32') }";
    throw new InvalidOptionError(where, 'inputs', 'a record with inputIds', inputs, advice);
  }
  const { inputIds, attentionMask, tokenTypeIds, segments, positionIds, inputsEmbeds } = inputs;
  const besides = { attentionMask, tokenTypeIds, segments, positionIds };
  for (const [name, tensor] of Object.entries({ inputIds, ...besides }))
    if (tensor !== undefined) checkIsTensor(where, name, tensor, 'int32 [batch, tokens]');
  const text = (tensor: tf.Tensor): string => `[${tensor.shape.join(', ')}]`;
  const [batch, tokens] = inputIds.shape;
  // Places that are given may start anew along a row, which is then longer than any text.
  const most = positionIds === undefined ? maxTokens : Infinity;
  if (inputIds.rank !== 2 || batch === undefined || tokens === undefined || tokens > most)
    throw new ShapeError(where, 'inputIds', `[batch, tokens] with at most ${most} tokens`, text(inputIds));
  for (const [name, tensor] of Object.entries(besides)) {
    if (tensor !== undefined && text(tensor) !== text(inputIds))
      throw new ShapeError(where, name, text(inputIds), text(tensor));
  }
  if (inputsEmbeds !== undefined) {
    const wanted = `[${batch}, ${tokens}, ${width}]`;
    checkIsTensor(where, 'inputsEmbeds', inputsEmbeds, `float32 ${wanted}`);
    if (text(inputsEmbeds) !== wanted) throw new ShapeError(where, 'inputsEmbeds', wanted, text(inputsEmbeds));
  }
  return { batch, tokens };
}
