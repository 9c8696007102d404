import { CheckpointError } from '@selfsup/ssl-tensor/host';

/** Rows that published models have beyond their tokens, at most: DeBERTa-v3 and ModernBERT some hundred. */
export const paddedRows = 128;

/**
 * Refuses a tokeniser whose ids do not fit a model: every row of the embedding must be a token and the other way round.
 *
 * @param tokenizer the vocabulary at hand
 * @param modelVocabSize rows of the model's word embedding
 * @param path the checkpoint, named in the error
 * @param spare rows that may be no token, as of models whose tables are filled up to a round size
 * @throws CheckpointError if the sizes differ
 */
export function checkVocabulary(
  tokenizer: { readonly vocabSize: number },
  modelVocabSize: number,
  path?: string,
  spare = 0,
): void {
  const { vocabSize } = tokenizer;
  if (vocabSize <= modelVocabSize && modelVocabSize <= vocabSize + spare) return;
  throw new CheckpointError(
    `the vocabulary has ${tokenizer.vocabSize} tokens and the model's word embedding ${modelVocabSize} rows; use the tokenizer.json that was saved with the model`,
    { parameter: 'embeddings.word_embeddings.weight', ...(path === undefined ? {} : { path }) },
  );
}
