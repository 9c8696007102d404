import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-core';
import '../../../../test/support/to-be-all-close.js';
import { bertConfig } from './bert-config.js';
import { BertForSequenceClassification } from './bert-for-sequence-classification.js';
import { BertModel } from './bert-model.js';
import { BertTextEncoder } from './bert-text-encoder.js';

const config = bertConfig({
  vocabSize: 30,
  hiddenSize: 8,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  intermediateSize: 16,
  maxPositionEmbeddings: 6,
});
const inputIds = tf.tensor2d([2, 7, 9, 3, 2, 8, 3, 0], [2, 4], 'int32');
const attentionMask = tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 0], [2, 4], 'int32');
const inputs = { inputIds, attentionMask };
const model = (): BertModel => new BertModel(config, { key: randomKey(1), pooler: true });

it('takes the mean of the tokens that are there, the first, or the pooler of it', async () => {
  const bert = model();
  const states = (await bert.forward(inputs).array()) as number[][][];
  const meanOf = (rows: readonly number[][]): number[] =>
    rows[0]!.map((_, column) => rows.reduce((sum, row) => sum + row[column]!, 0) / rows.length);
  const mean = new BertTextEncoder(bert).forward(inputs);
  expect(mean.dataSync()).toBeAllClose([...meanOf(states[0]!), ...meanOf(states[1]!.slice(0, 3))], { atol: 1e-6 });
  const cls = new BertTextEncoder(bert, { pooling: 'cls' }).forward(inputs);
  expect(cls.dataSync()).toBeAllClose([...states[0]![0]!, ...states[1]![0]!], { atol: 1e-6 });
  // As the classifier's, which is proven against Hugging Face's.
  const classifier = new BertForSequenceClassification(config, { key: randomKey(2), numLabels: 2, pooling: 'cls' });
  classifier.bert.loadStateDict(bert.stateDict());
  const pooler = new BertTextEncoder(bert, { pooling: 'pooler' }).forward(inputs);
  expect(pooler.dataSync()).toBeAllClose(classifier.features(inputs).dataSync(), { atol: 1e-6 });
});

it('has the layers of its model', () => {
  const encoder = new BertTextEncoder(model());
  const layers = new Set([...encoder.namedParameters().keys()].map((name) => encoder.layerOf(name)));
  expect([...layers].sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  expect([encoder.layerCount, encoder.featureDim]).toEqual([4, 8]);
});

it('refuses what is no model, an unknown pooling and a pooler that is not there', () => {
  const bert = new BertModel(config, { key: randomKey(1) });
  expect(() => new BertTextEncoder({} as BertModel)).toThrow(InvalidOptionError);
  expect(() => new BertTextEncoder(bert, { pooling: 'max' as 'mean' })).toThrow(InvalidOptionError);
  expect(() => new BertTextEncoder(bert, { pooling: 'pooler' })).toThrow('pooler: true');
});
