import * as tf from '@tensorflow/tfjs-core';
import { checkCount, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { checkVocabulary, paddedRows } from '../tokenizer/check-vocabulary.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';

/** A word for a masked place. */
export interface MaskCandidate {
  readonly id: number;
  readonly token: string;
  readonly probability: number;
}

/** The best words for one masked place. */
export interface FilledMask {
  /** Index in the encoded text, `[CLS]` = 0. */
  readonly position: number;
  /** Best first. */
  readonly candidates: readonly MaskCandidate[];
}

/**
 * What a masked language model puts in the place of `[MASK]`. Runs eagerly.
 *
 * @param text with one or more mask tokens
 * @param k candidates for each place
 * @returns one entry for each mask token within the model's reach, in order
 * @throws InvalidOptionError if the text has no mask token or `k` is not a positive integer
 * @throws CheckpointError if the vocabulary does not fit the model
 */
export async function fillMask(
  model: MaskedLmModel,
  tokenizer: TextTokenizer,
  text: string,
  k = 5,
): Promise<FilledMask[]> {
  const shape = 'Write fillMask(model, tokenizer, text)';
  if (typeof (model as Partial<MaskedLmModel> | null)?.config !== 'object')
    throw new InvalidOptionError(
      'fillMask',
      'model',
      'a masked language model, such as a BertForMaskedLM',
      model,
      shape,
    );
  if (typeof (tokenizer as Partial<TextTokenizer> | undefined)?.encode !== 'function')
    throw new InvalidOptionError(
      'fillMask',
      'tokenizer',
      'a tokeniser, such as a WordPieceTokenizer',
      tokenizer,
      shape,
    );
  if (typeof text !== 'string') throw new InvalidOptionError('fillMask', 'text', 'one text', text, shape);
  checkVocabulary(tokenizer, model.config.vocabSize, undefined, paddedRows);
  checkCount('fillMask', { k });
  const maxLength = model.encoder.maxTokens ?? model.config.maxPositionEmbeddings;
  const ids = tokenizer.encode(text, { maxLength });
  const positions = ids.flatMap((id, index) => (id === tokenizer.specialIds.mask ? [index] : []));
  if (positions.length === 0 && tokenizer.encode(text).includes(tokenizer.specialIds.mask))
    throw new InvalidOptionError(
      'fillMask',
      'text',
      `a text with ${tokenizer.specialTokens.mask} among its first ${maxLength - 1} tokens, which is as far as the model reads (shorten what stands before it)`,
      text,
    );
  if (positions.length === 0)
    throw new InvalidOptionError('fillMask', 'text', `a text with ${tokenizer.specialTokens.mask}`, text);
  const probabilities = tf.tidy(() => {
    const inputIds = tf.tensor2d(ids, [1, ids.length], 'int32');
    return tf.softmax(model.forward({ inputIds }, tf.tensor1d(positions, 'int32')));
  });
  const values = await probabilities.data();
  probabilities.dispose();
  const size = model.config.vocabSize;
  return positions.map((position, row) => {
    const scores = values.subarray(row * size, (row + 1) * size);
    const best = Array.from({ length: tokenizer.vocabSize }, (_, id) => id)
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, k);
    return {
      position,
      candidates: best.map((id) => ({ id, token: tokenizer.idToToken(id)!, probability: scores[id]! })),
    };
  });
}
