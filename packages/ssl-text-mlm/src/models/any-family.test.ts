import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { AdamW, Trainer } from '@selfsup/ssl-train';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { BertTextEncoder } from '../bert/bert-text-encoder.js';
import { MlmLoader } from '../data/mlm-loader.js';
import { TokenDataset } from '../data/token-dataset.js';
import { distilBertConfig } from '../distilbert/distilbert-config.js';
import { DistilBertForMaskedLM } from '../distilbert/distilbert-for-masked-lm.js';
import { debertaConfig } from '../deberta/deberta-config.js';
import { DebertaForMaskedLM } from '../deberta/deberta-for-masked-lm.js';
import { debertaV2Config } from '../deberta/deberta-v2-config.js';
import { DebertaV2ForMaskedLM } from '../deberta/deberta-v2-for-masked-lm.js';
import { electraConfig } from '../electra/electra-config.js';
import { ElectraForMaskedLM } from '../electra/electra-for-masked-lm.js';
import { evaluateMaskedLm } from '../evaluation/masked-lm-evaluator.js';
import { fillMask } from '../evaluation/fill-mask.js';
import { MaskedLanguageModelling } from '../methods/masked-language-modelling.js';
import { robertaConfig } from '../roberta/roberta-config.js';
import { RobertaForMaskedLM } from '../roberta/roberta-for-masked-lm.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import type { MaskedLmModel } from './masked-lm-model.js';

const lines = ['cat eats fish', 'dog chews bone', 'bird picks seed'].flatMap((line) =>
  Array.from({ length: 40 }, () => line),
);
const tokenizer = await trainWordPiece({ lines, vocabSize: 60 });
const dataset = TokenDataset.fromTexts(tokenizer, lines, { maxLength: 8 });
const sizes = {
  vocabSize: tokenizer.vocabSize,
  padTokenId: tokenizer.specialIds.pad,
  hiddenSize: 16,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 32,
  maxPositionEmbeddings: 10,
  hiddenDropout: 0,
  attentionDropout: 0,
};
const key = randomKey(2);
const models: readonly (readonly [string, () => MaskedLmModel, number])[] = [
  ['RoBERTa', () => new RobertaForMaskedLM(robertaConfig(sizes), { key }), 200],
  ['DistilBERT', () => new DistilBertForMaskedLM(distilBertConfig(sizes), { key }), 200],
  ['ELECTRA', () => new ElectraForMaskedLM(electraConfig({ ...sizes, embeddingSize: 8 }), { key }), 200],
  // With relative positions alone one layer learns the places later.
  ['DeBERTa', () => new DebertaForMaskedLM(debertaConfig(sizes), { key }), 600],
  ['DeBERTa-v3', () => new DebertaV2ForMaskedLM(debertaV2Config(sizes), { key, enhancedMaskDecoder: true }), 200],
];

describe.each(models)('%s', (_, make, steps) => {
  it('is pretrained, evaluated and fills masks as BERT does', async () => {
    const model = make();
    const method = new MaskedLanguageModelling(model);
    const batches = { dataset, tokenizer, batchSize: 20, masking: { maskProbability: 0.3 } };
    const held = new MlmLoader({ ...batches, key: randomKey(4), mode: 'evaluation' });
    const before = await evaluateMaskedLm(model, held);
    await new Trainer({
      method,
      loader: new MlmLoader({ ...batches, key: randomKey(3) }),
      optimizer: new AdamW([{ parameters: method.trainable() }]),
      schedule: () => 1e-2,
      steps,
      seed: 1,
      progress: 'silent',
    }).fit();
    const after = await evaluateMaskedLm(model, held);
    expect(Math.abs(before.loss - Math.log(tokenizer.vocabSize))).toBeLessThan(0.3);
    expect(after.loss).toBeLessThan(before.loss / 2);
    const [mask] = await fillMask(model, tokenizer, 'dog chews [MASK]', 1);
    expect(mask!.candidates[0]!.token).toBe('bone');
    // The text is cut to what the model reads.
    const [cut] = await fillMask(model, tokenizer, `[MASK] ${'cat eats fish '.repeat(9)}`, 1);
    expect(cut!.position).toBe(1);
  });

  it('gives a vector for a text', () => {
    const { encoder } = make();
    const inputIds = tf.tensor2d([[2, 5, 6, 3]], [1, 4], 'int32');
    const states = encoder.forward({ inputIds });
    const mean = new BertTextEncoder(encoder);
    mean
      .forward({ inputIds })
      .dataSync()
      .forEach((value, index) => expect(value).toBeCloseTo(tf.mean(states, 1).dataSync()[index]!, 5));
    const first = new BertTextEncoder(encoder, { pooling: 'cls' }).forward({ inputIds }).dataSync();
    first.forEach((value, index) => expect(value).toBeCloseTo(states.dataSync()[index]!, 5));
    expect([...mean.namedParameters().keys()].every((name) => name.startsWith(`${encoder.baseName}.`))).toBe(true);
    expect(mean.layerOf(`${encoder.baseName}.embeddings.word_embeddings.weight`)).toBe(0);
  });
});
