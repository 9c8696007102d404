import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { MlmLoader } from '../data/mlm-loader.js';
import { TokenDataset } from '../data/token-dataset.js';
import { TextForQuestionAnswering } from '../heads/text-for-question-answering.js';
import { TextForSequenceClassification } from '../heads/text-for-sequence-classification.js';
import { modernBertConfig } from '../modern-bert/modern-bert-config.js';
import { ModernBertForSequenceClassification } from '../modern-bert/modern-bert-for-sequence-classification.js';
import { StaticEmbedding } from '../static/static-embedding.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { TsdaeDecoder } from '../tsdae/tsdae-decoder.js';
import { bertConfig } from './bert-config.js';
import { BertForPreTraining } from './bert-for-pre-training.js';
import { BertForSequenceClassification } from './bert-for-sequence-classification.js';
import type { BertInputs } from './bert-inputs.js';
import { BertModel } from './bert-model.js';
import { BertTextEncoder } from './bert-text-encoder.js';

const key = randomKey(1);
const texts = ['a cat eats', 'a dog', 'the bird sees fish', 'a fish'];
const tokenizer = await trainWordPiece({ lines: texts, vocabSize: 50 });
const sizes = {
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 8,
  maxPositionEmbeddings: 16,
};
const config = bertConfig(sizes);
const bert = new BertModel(config, { key, pooler: true });
const dataset = TokenDataset.fromTexts(tokenizer, texts, { maxLength: 16 });

/** What makes one vector, or one score, of a row. */
const ofRows: Record<string, (inputs: BertInputs) => unknown> = {
  ...Object.fromEntries(
    (['mean', 'cls', 'pooler'] as const).map((pooling) => [
      `BertTextEncoder, ${pooling}`,
      (inputs: BertInputs) => new BertTextEncoder(bert, { pooling }).forward(inputs),
    ]),
  ),
  'BertForSequenceClassification, mean': (inputs) =>
    new BertForSequenceClassification(config, { key, numLabels: 2 }).forward(inputs),
  'BertForSequenceClassification, cls': (inputs) =>
    new BertForSequenceClassification(config, { key, numLabels: 2, pooling: 'cls' }).forward(inputs),
  TextForSequenceClassification: (inputs) =>
    new TextForSequenceClassification(bert, { key, numLabels: 2 }).forward(inputs),
  TextForQuestionAnswering: (inputs) => new TextForQuestionAnswering(bert, { key }).forward(inputs),
  BertForPreTraining: (inputs) => new BertForPreTraining(config, { key }).pairScores(inputs, tf.tensor1d([1], 'int32')),
  ModernBertForSequenceClassification: (inputs) =>
    new ModernBertForSequenceClassification(modernBertConfig(sizes), { key, numLabels: 2 }).forward(inputs),
  StaticEmbedding: (inputs) => new StaticEmbedding(sizes.vocabSize, 4, { key }).forward(inputs),
  TsdaeDecoder: (inputs) => new TsdaeDecoder(config, { key }).forward(inputs, tf.zeros([inputs.inputIds.shape[0]!, 8])),
};

it.each(Object.keys(ofRows))('%s refuses rows of several texts, and takes those of one', async (name) => {
  const inputsOf = async (packing: boolean): Promise<BertInputs> => {
    const loader = new MlmLoader({ dataset, tokenizer, batchSize: packing ? 1 : 4, key, bucketLengths: [16], packing });
    for await (const batch of loader.epoch(0)) {
      const names = ['inputIds', 'attentionMask', ...(packing ? (['segments', 'positionIds'] as const) : [])] as const;
      const tensors = names.map((of) => {
        const { data, shape } = batch[of as 'inputIds'];
        return [of, tf.tensor(data, [...shape], 'int32')];
      });
      return Object.fromEntries(tensors) as unknown as BertInputs;
    }
    throw new TypeError('no batch');
  };
  const packed = await inputsOf(true);
  expect(() => ofRows[name]!(packed)).toThrow(InvalidOptionError);
  expect(() => ofRows[name]!(packed)).toThrow(/without packing: true/);
  // As advised.
  const alone = await inputsOf(false);
  expect(() => ofRows[name]!(alone)).not.toThrow();
});
