import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { AdamW, Trainer } from '@selfsup/ssl-train';
import { expect, it } from 'vitest';
import { bertConfig } from '../bert/bert-config.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { BertForSequenceClassification } from '../bert/bert-for-sequence-classification.js';
import { BertModel } from '../bert/bert-model.js';
import { framePair } from '../data/frame-pair.js';
import { debertaV2Config } from '../deberta/deberta-v2-config.js';
import { DebertaV2ForMaskedLM } from '../deberta/deberta-v2-for-masked-lm.js';
import { DebertaV2Model } from '../deberta/deberta-v2-model.js';
import { electraConfig } from '../electra/electra-config.js';
import { ElectraForPreTraining } from '../electra/electra-for-pre-training.js';
import { ElectraModel } from '../electra/electra-model.js';
import { classTargets } from '../data/targets.js';
import { TextExampleLoader } from '../data/text-example-loader.js';
import { distilBertConfig } from '../distilbert/distilbert-config.js';
import { DistilBertModel } from '../distilbert/distilbert-model.js';
import { evaluateSequenceClassifier } from '../evaluation/classifier-evaluator.js';
import { MultiLabelClassification } from '../methods/multi-label-classification.js';
import { type EmbeddingSharing, ReplacedTokenDetection } from '../methods/replaced-token-detection.js';
import { SequenceClassification } from '../methods/sequence-classification.js';
import { robertaConfig } from '../roberta/roberta-config.js';
import { RobertaForMaskedLM } from '../roberta/roberta-for-masked-lm.js';
import { RobertaModel } from '../roberta/roberta-model.js';
import { TextForSequenceClassification } from './text-for-sequence-classification.js';
import { TextForTokenDetection } from './text-for-token-detection.js';
import { TextForTokenClassification } from './text-for-token-classification.js';

const key = randomKey(1);
const sizes = { vocabSize: 12, hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 8 };
const config = bertConfig({ ...sizes, maxPositionEmbeddings: 6 });
const roberta = robertaConfig({ ...sizes, maxPositionEmbeddings: 8 });
const inputs = {
  inputIds: tf.tensor2d([2, 4, 7, 3, 2, 4, 3, 1], [2, 4], 'int32'),
  attentionMask: tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 0], [2, 4], 'int32'),
};

it.each(['cls', 'mean'] as const)('BERT has the names and scores of its own class, %s', (pooling) => {
  const wanted = new BertForSequenceClassification(config, { key: randomKey(4), numLabels: 3, pooling });
  const bert = new BertModel(config, { key, pooler: pooling === 'cls' });
  const model = new TextForSequenceClassification(bert, { key, numLabels: 3 });
  expect(model.pooling).toBe(pooling);
  model.loadStateDict(wanted.stateDict());
  expect([...model.forward(inputs).dataSync()]).toEqual([...wanted.forward(inputs).dataSync()]);
});

it('takes the encoder of a pretrained model and says what it leaves', () => {
  const pretrained = new RobertaForMaskedLM(roberta, { key: randomKey(7) });
  const model = new TextForTokenClassification(new RobertaModel(roberta, { key, pooler: true }), { key, numLabels: 2 });
  const before = model.stateDict();
  const { ignored } = model.loadEncoder(pretrained.stateDict());
  for (const [name, array] of model.stateDict())
    expect([name, array]).toEqual([name, pretrained.stateDict().get(name) ?? before.get(name)]);
  expect(ignored.get('lm_head.bias')).toBe('not in the encoder');
  const other = new BertForMaskedLM(config, { key }).stateDict();
  expect(() => model.loadEncoder(other)).toThrow(CheckpointError);
});

it('has the layers of its encoder, and the head in the last', () => {
  const model = new TextForSequenceClassification(new RobertaModel(roberta, { key }), { key, numLabels: 2 });
  const layers = Object.fromEntries([...model.namedParameters().keys()].map((name) => [name, model.layerOf(name)]));
  expect(layers['roberta.embeddings.word_embeddings.weight']).toBe(0);
  expect(layers['roberta.encoder.layer.0.output.dense.bias']).toBe(1);
  expect(layers['classifier.out_proj.weight']).toBe(2);
  expect(model.layerCount).toBe(3);
});

it('detects replaced tokens as ELECTRA does, with its names', () => {
  const electra = electraConfig({ ...sizes, embeddingSize: 4, maxPositionEmbeddings: 6 });
  const wanted = new ElectraForPreTraining(electra, { key: randomKey(4) });
  const model = new TextForTokenDetection(new ElectraModel(electra, { key }), { key });
  expect(model.loadStateDict(wanted.stateDict())).toMatchObject({ missing: [], unexpected: [] });
  expect([...model.forward(inputs).dataSync()]).toEqual([...wanted.forward(inputs).dataSync()]);
});

function debertaPair(sharing: EmbeddingSharing) {
  const sizes3 = { ...sizes, maxPositionEmbeddings: 6, positionBuckets: 4, hiddenDropout: 0, attentionDropout: 0 };
  const deberta = debertaV2Config(sizes3);
  const generator = new DebertaV2ForMaskedLM(deberta, { key: randomKey(4) });
  const encoder = new DebertaV2Model(deberta, { key });
  const discriminator = new TextForTokenDetection(encoder, { key });
  return { generator, encoder, method: new ReplacedTokenDetection(generator, discriminator, { sharing }) };
}

it('two DeBERTas have an embedding each', () => {
  expect(() => debertaPair('tied')).toThrow(/generator's word embedding for sharing 'tied'/);
});

it('a DeBERTa-v3 is pretrained by replaced tokens', () => {
  const { generator, encoder, method } = debertaPair('gradient-disentangled');
  const batch = {
    ...inputs,
    maskedPositions: tf.tensor1d([1, 5], 'int32'),
    maskedLabels: tf.tensor1d([6, 9], 'int32'),
    maskedWeights: tf.tensor1d([1, 1]),
  };
  const step = { training: true, key: tf.tensor1d([5, 6], 'int32') };
  const variables = [...method.trainable().values()].map(({ variable }) => variable);
  const lossOf = (): tf.Scalar => method.loss(batch as never, step).loss;
  const { value, grads } = tf.variableGrads(lossOf, variables);
  expect(value.dataSync()[0]).toBeGreaterThan(0);
  // The difference trains, and starts at 0: the discriminator reads the generator's words.
  const own = encoder.wordEmbeddings.weight.variable;
  expect(own.dataSync().every((weight) => weight === 0)).toBe(true);
  expect(grads[own.name]!.dataSync().some((gradient) => gradient !== 0)).toBe(true);
  const sum = method.discriminatorState().get('deberta.embeddings.word_embeddings.weight')!;
  expect(sum).toEqual(generator.stateDict().get('deberta.embeddings.word_embeddings.weight'));
});

it('drops at random while training, by the key', () => {
  const model = new TextForTokenClassification(
    new RobertaModel({ ...roberta, hiddenDropout: 0, attentionDropout: 0 }, { key }),
    {
      key,
      numLabels: 2,
      classifierDropout: 0.5,
    },
  );
  const run = (word: number): number[] => [
    ...model.forward(inputs, { training: true, key: tf.tensor1d([word, 0], 'int32') }).dataSync(),
  ];
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
});

it('a model without segments refuses them, and its advice works', () => {
  const model = new DistilBertModel(distilBertConfig({ ...sizes, maxPositionEmbeddings: 6 }), { key });
  const tokenTypeIds = tf.zeros([2, 4], 'int32');
  expect(() => model.forward({ ...inputs, tokenTypeIds })).toThrow(/tokenTypeIds must be left out.*Leave them out/);
  expect(model.forward(inputs).shape).toEqual([2, 4, 8]);
});

it('RoBERTa counts tokens from the padding, wherever it stands, and says how long a text may be', () => {
  const model = new RobertaModel(roberta, { key });
  expect(model.maxTokens).toBe(6);
  const left = tf.tensor2d([[1, 1, 2, 4, 3]], [1, 5], 'int32');
  const attentionMask = tf.tensor2d([[0, 0, 1, 1, 1]], [1, 5], 'int32');
  const plain = model.forward({ inputIds: tf.tensor2d([[2, 4, 3]], [1, 3], 'int32') }).dataSync();
  const padded = tf.slice(model.forward({ inputIds: left, attentionMask }), [0, 2, 0], [1, 3, 8]).dataSync();
  padded.forEach((value, index) => expect(value).toBeCloseTo(plain[index]!, 5));
  expect(() => model.forward({ inputIds: tf.zeros([1, 7], 'int32') })).toThrow(/at most 6 tokens/);
});

it('rows that fill a batch, and bits that nobody knows, count for nothing', () => {
  const model = new TextForSequenceClassification(new RobertaModel(roberta, { key }), { key, numLabels: 2 });
  const method = new MultiLabelClassification(model, { positiveWeights: [3, 1] });
  const ctx = { training: false } as never;
  const both = method.loss(
    { ...inputs, labels: tf.tensor2d([1, -100, 5, 5], [2, 2]), weights: tf.tensor1d([1, 0]) } as never,
    ctx,
  );
  const [logit] = model.forward(inputs).dataSync();
  expect(both.loss.dataSync()[0]).toBeCloseTo(3 * Math.log1p(Math.exp(-logit!)), 5);
  expect(both.weight!.dataSync()[0]).toBe(1);
});

it('pairs are rows with segments, which the model reads and the evaluator counts', async () => {
  const frame = { cls: 2, sep: 3, maxLength: 6 };
  const words = [4, 5, 6, 7];
  const examples = words.flatMap((first) =>
    words.map((second) => {
      const { ids, tokenTypeIds } = framePair([first], [second], frame);
      return { ids, tokenTypeIds, target: Number(first < second) };
    }),
  );
  const rates = { hiddenDropout: 0, attentionDropout: 0 };
  const pairs = new BertModel(bertConfig({ ...config, ...rates }), { key, pooler: true });
  const model = new TextForSequenceClassification(pairs, { key, numLabels: 2 });
  const common = { examples, collate: classTargets, padId: 0, batchSize: 8, key };
  const held = new TextExampleLoader({ ...common, mode: 'evaluation' });
  const method = new SequenceClassification(model);
  await new Trainer({
    method,
    loader: new TextExampleLoader(common),
    optimizer: new AdamW([{ parameters: method.trainable() }]),
    schedule: () => 1e-2,
    steps: 200,
    seed: 1,
    progress: 'silent',
  }).fit();
  const { accuracy, count } = await evaluateSequenceClassifier(model, held);
  expect([accuracy, count]).toEqual([1, 16]);
  // Without segments the order is told by positions alone.
  const { inputIds } = (await held.epoch(0).next()).value!;
  const ids = tf.tensor2d(inputIds.data, [8, 5], 'int32');
  const ones = tf.ones([8, 5], 'int32');
  expect(model.forward({ inputIds: ids }).dataSync()).not.toEqual(
    model.forward({ inputIds: ids, tokenTypeIds: ones }).dataSync(),
  );
});

it('wants one positive weight for each class', () => {
  const model = new TextForSequenceClassification(new RobertaModel(roberta, { key }), { key, numLabels: 2 });
  expect(() => new SequenceClassification(model, { classWeights: [1] })).toThrow(/classWeights must be a list of 2/);
  expect(() => new SequenceClassification(model, { classWeights: [1, 0] })).toThrow(InvalidOptionError);
  expect(() => new MultiLabelClassification(model, { positiveWeights: [1, NaN] })).toThrow(InvalidOptionError);
  expect(() => new TextForTokenClassification({} as never, { key, numLabels: 2 })).toThrow(/an encoder of texts/);
});
