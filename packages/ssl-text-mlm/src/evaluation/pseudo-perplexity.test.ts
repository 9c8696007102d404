import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { CheckpointError, DataError, InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { beforeAll, expect, it } from 'vitest';
import { bertConfig } from '../bert/bert-config.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import type { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { perplexity } from './perplexity.js';
import { pseudoPerplexity } from './pseudo-perplexity.js';

const texts = ['a cat eats fish', 'dog', '', 'a bird picks the seed of a cat and a dog', 'a dog chews \u{1F600} bone'];
let tokenizer: WordPieceTokenizer;
let model: BertForMaskedLM;

beforeAll(async () => {
  await tf.setBackend('cpu');
  tokenizer = await trainWordPiece({ lines: texts.map((text) => text.replace('\u{1F600}', '')), vocabSize: 60 });
  const sizes = { hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 16 };
  const config = bertConfig({
    ...sizes,
    vocabSize: tokenizer.vocabSize,
    maxPositionEmbeddings: 12,
    initializerRange: 0.4,
  });
  model = new BertForMaskedLM(config, { key: randomKey(3) });
});

/** Token by token, alone and without padding. */
function naive(text: string): { sum: number; tokens: number } {
  const { mask, cls, sep, unk } = tokenizer.specialIds;
  const ids = tokenizer.encode(text, { maxLength: 12 });
  let [sum, tokens] = [0, 0];
  ids.forEach((id, position) => {
    if ([cls, sep, unk].includes(id)) return;
    const masked = ids.map((own, at) => (at === position ? mask : own));
    sum += tf.tidy(() => {
      const inputIds = tf.tensor2d(masked, [1, ids.length], 'int32');
      return tf.logSoftmax(model.forward({ inputIds }, tf.tensor1d([position], 'int32'))).dataSync()[id]!;
    });
    tokens++;
  });
  return { sum, tokens };
}

it.each([
  { batchSize: 64, lengthStep: 16 },
  { batchSize: 3, lengthStep: 4 },
])('equals token by token, with %o', async (options) => {
  const expected = texts.map(naive);
  const result = await pseudoPerplexity(model, tokenizer, texts, options);
  result.logLikelihoods.forEach((value, text) => expect(value).toBeCloseTo(expected[text]!.sum, 3));
  expect(result.logLikelihoods[2]).toBe(0);
  const tokens = expected.reduce((sum, row) => sum + row.tokens, 0);
  const sum = expected.reduce((total, row) => total + row.sum, 0);
  expect(result.tokens).toBe(tokens);
  expect(result.pseudoPerplexity).toBeCloseTo(Math.exp(-sum / tokens), 2);
  // Random weights guess no better than by chance.
  expect(result.pseudoPerplexity).toBeGreaterThan(tokenizer.vocabSize / 3);
});

it('refuses texts without a token, and what is no list of texts', async () => {
  await expect(pseudoPerplexity(model, tokenizer, ['', '\u{1F600}'])).rejects.toThrow(DataError);
  await expect(pseudoPerplexity(model, tokenizer, [])).rejects.toThrow('no text has a token to mask');
  await expect(pseudoPerplexity(model, tokenizer, 'a cat' as never)).rejects.toThrow(InvalidOptionError);
  await expect(pseudoPerplexity(model, tokenizer, texts, { batchSize: 0 })).rejects.toThrow(InvalidOptionError);
  const other = new BertForMaskedLM({ ...model.config, vocabSize: 7 }, { key: randomKey(3) });
  await expect(pseudoPerplexity(other, tokenizer, texts)).rejects.toThrow(CheckpointError);
});

it('perplexity is exp of the loss', () => {
  expect(perplexity(0)).toBe(1);
  expect(perplexity(Math.log(30522))).toBeCloseTo(30522, 6);
  for (const loss of [NaN, -1, Infinity, '2' as never]) expect(() => perplexity(loss)).toThrow(InvalidOptionError);
});
