import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { bertConfig } from '../bert/bert-config.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { BertForSequenceClassification } from '../bert/bert-for-sequence-classification.js';
import { fillMask } from '../evaluation/fill-mask.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { MaskedLanguageModelling } from './masked-language-modelling.js';
import { SequenceClassification } from './sequence-classification.js';

const tokenizer = await trainWordPiece({ lines: ['a cat eats fish', 'dogs chew bones'], vocabSize: 60 });
const config = bertConfig({
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 16,
  maxPositionEmbeddings: 16,
});
const model = new BertForMaskedLM(config, { key: randomKey(0) });
const ints = (values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');
const evaluating = { training: false } as never;

/** Loss, weight and accuracy of a batch of one text whose masked places have these labels. */
function ofPlaces(labels: number[]): number[] {
  const batch = {
    inputIds: tf.tensor2d([[2, 6, 7, 3]], [1, 4], 'int32'),
    attentionMask: tf.ones([1, 4], 'int32'),
    maskedPositions: ints(labels.map((_, place) => place)),
    maskedLabels: ints(labels),
    maskedWeights: tf.ones([labels.length]),
  };
  const { loss, weight, metrics } = new MaskedLanguageModelling(model).loss(batch as never, evaluating);
  return [loss, weight!, metrics!['maskedAccuracy']!].map((value) => value.dataSync()[0]!);
}

it('places without a label count in nothing, as collators of Hugging Face mark them', () => {
  const [best] = tf
    .argMax(model.forward({ inputIds: tf.tensor2d([[2, 6, 7, 3]], [1, 4], 'int32') }, ints([0])), 1)
    .dataSync();
  const alone = ofPlaces([best!]);
  expect(alone.slice(1)).toEqual([1, 1]);
  const marked = ofPlaces([best!, -100, -1, -100]);
  marked.forEach((value, i) => expect(value).toBeCloseTo(alone[i]!, 5));
});

it('a batch of sequences counts by its labels', () => {
  const method = new SequenceClassification(
    new BertForSequenceClassification(config, { key: randomKey(1), numLabels: 3 }),
  );
  const batch = {
    inputIds: tf.tensor2d([2, 6, 3, 2, 7, 3, 2, 8, 3, 2, 9, 3], [4, 3], 'int32'),
    attentionMask: tf.ones([4, 3], 'int32'),
    labels: ints([1, -1, 2, -100]),
    weights: tf.tensor1d([1, 1, 0, 1]),
  };
  expect(method.loss(batch as never, evaluating).weight!.dataSync()[0]).toBe(1);
});

it('says when the mask lies beyond what the model reads, and how to get there', async () => {
  const text = `${'a cat eats fish '.repeat(5)}[MASK]`;
  await expect(fillMask(model, tokenizer, text)).rejects.toThrow(
    'a text with [MASK] among its first 15 tokens, which is as far as the model reads (shorten what stands before it)',
  );
  expect(await fillMask(model, tokenizer, 'a [MASK]', 2)).toHaveLength(1);
});
