import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { type Module, twinOf } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { beforeAll, expect, it } from 'vitest';
import { bertConfig } from './bert-config.js';
import type { BertInputs } from './bert-inputs.js';
import { BertForMaskedLM } from './bert-for-masked-lm.js';
import { BertForSequenceClassification } from './bert-for-sequence-classification.js';
import { BertModel } from './bert-model.js';

const key = randomKey(3);
const sizes = { vocabSize: 7, hiddenSize: 4, numHiddenLayers: 2, numAttentionHeads: 2, intermediateSize: 5 };
const config = bertConfig({ ...sizes, maxPositionEmbeddings: 6 });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it.each<[string, () => Module]>([
  ['BertModel', () => new BertModel(config, { key, pooler: true })],
  ['BertForMaskedLM', () => new BertForMaskedLM(config, { key })],
  ['BertForSequenceClassification', () => new BertForSequenceClassification(config, { key, numLabels: 2 })],
])('a twin of %s computes the same and lives by itself', (_, make) => {
  const module = make();
  const twin = twinOf(module);
  const run = (of: Module): number[] => {
    const inputs = { inputIds: tf.tensor2d([[1, 4, 2]], [1, 3], 'int32') };
    return [...(of as unknown as { forward(x: BertInputs): tf.Tensor }).forward(inputs).dataSync()];
  };
  const before = run(module);
  expect(run(twin)).toEqual(before);
  expect([...twin.namedParameters().keys()]).toEqual([...module.namedParameters().keys()]);
  for (const { variable } of twin.namedParameters().values())
    variable.assign(tf.add(variable, tf.reshape(tf.sin(tf.range(0, variable.size)), variable.shape)));
  expect(run(module)).toEqual(before);
  expect(run(twin)).not.toEqual(before);
});

it('the decoder of a twin is tied to its own word embedding', () => {
  const twin = twinOf(new BertForMaskedLM(config, { key }));
  expect(twin.head.decoderWeight).toBe(twin.bert.embeddings.wordEmbeddings.weight);
});
