/** Objectives of sentence embeddings, on sentences of three words. */
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import {
  bertConfig,
  BertForMaskedLM,
  BertTextEncoder,
  Matryoshka,
  MlmDistillation,
  MlmLoader,
  SentenceDistillation,
  type SentenceBatch,
  SentenceLoader,
  SimCse,
  StaticEmbedding,
  TokenDataset,
  trainWordPiece,
  Tsdae,
  TsdaeLoader,
} from '@selfsup/ssl-text-mlm';
import type { Entry } from './entry.js';
import { entry } from './pictures.js';

const words = 'cat dog bird horse iron gold zinc lead rain snow wind frost'.split(' ');
/** Of three words: themselves, in another order, or with one of them replaced. */
const texts = Array.from({ length: 48 }, (_, at) => {
  const stream = new RandomStream(foldIn(randomKey(1), at));
  const [a, b, c, d] = [...stream.permutation(words.length)].map((index) => words[index]!);
  return { own: `${a} ${b} ${c}`, turned: `${c} ${a} ${b}`, changed: `${a} ${d} ${c}` };
});
const tokenizer = await trainWordPiece({ lines: texts.map(({ own }) => own), vocabSize: 60 });
const encoded = (part: 'own' | 'turned' | 'changed'): TokenDataset =>
  TokenDataset.fromTexts(
    tokenizer,
    texts.map((text) => text[part]),
    { maxLength: 8 },
  );
const padId = tokenizer.specialIds.pad;
const config = bertConfig({
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 16,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 32,
  maxPositionEmbeddings: 8,
});
const model = (): BertForMaskedLM => new BertForMaskedLM(config, { key: randomKey(7) });

const simCse = (temperature: number): SimCse =>
  new SimCse({
    encoder: new BertTextEncoder(model().bert, { pooling: 'cls' }),
    key: randomKey(9),
    temperature,
    chunkSize: 12,
  });

const matryoshka = (weights: readonly number[]): Matryoshka<SentenceBatch> => {
  const mlm = model();
  const method = new SimCse({ encoder: new BertTextEncoder(mlm.bert), key: randomKey(9), head: 'none', mlm });
  return new Matryoshka<SentenceBatch>({ method, widths: [8, 16], weights });
};

const tsdae = (tied: boolean): Tsdae =>
  new Tsdae({ encoder: new BertTextEncoder(model().bert, { pooling: 'cls' }), key: randomKey(9), tied });

const sentenceDistillation = (distance: 'mse' | 'cosine'): SentenceDistillation =>
  new SentenceDistillation({
    student: new StaticEmbedding(tokenizer.vocabSize, 8, { key: randomKey(2) }),
    teacher: new BertTextEncoder(model().bert),
    key: randomKey(9),
    distance,
  });

const mlmDistillation = (temperature: number): MlmDistillation =>
  new MlmDistillation({
    student: new BertForMaskedLM({ ...config, hiddenSize: 8 }, { key: randomKey(2) }),
    teacher: model(),
    key: randomKey(9),
    temperature,
  });

export const entries: readonly Entry[] = [
  entry({
    name: 'SimCse of triplets, in chunks',
    method: () => simCse(0.05),
    changed: { method: () => simCse(0.1), setting: 'settings.temperature' },
    loader: () =>
      new SentenceLoader({
        sentences: encoded('own'),
        positives: encoded('turned'),
        hardNegatives: encoded('changed'),
        padId,
        batchSize: 8,
        key: randomKey(8),
      }),
    learningRate: 1e-2,
    learns: { steps: 40, ratio: 0.95 },
  }),
  entry({
    name: 'Matryoshka of SimCse with masked-language modelling',
    method: () => matryoshka([1, 1]),
    changed: { method: () => matryoshka([1, 0.5]), setting: 'settings.weights' },
    loader: () =>
      new SentenceLoader({
        sentences: encoded('own'),
        padId,
        batchSize: 16,
        key: randomKey(8),
        mlm: new MlmLoader({ dataset: encoded('own'), tokenizer, batchSize: 16, key: randomKey(8) }),
      }),
    learningRate: 1e-2,
    learns: { steps: 40, ratio: 0.95 },
  }),
  entry({
    name: 'Tsdae',
    method: () => tsdae(true),
    changed: { method: () => tsdae(false), setting: 'settings.tied' },
    loader: () => new TsdaeLoader({ dataset: encoded('own'), padId, batchSize: 16, key: randomKey(8) }),
    learningRate: 1e-2,
    learns: { steps: 40, ratio: 0.8 },
  }),
  entry({
    name: 'SentenceDistillation into a static embedding',
    method: () => sentenceDistillation('mse'),
    changed: { method: () => sentenceDistillation('cosine'), setting: 'settings.distance' },
    loader: () => new SentenceLoader({ sentences: encoded('own'), padId, batchSize: 16, key: randomKey(8) }),
    learningRate: 2e-2,
    learns: { steps: 40, ratio: 0.9 },
  }),
  entry({
    name: 'MlmDistillation into half the width',
    method: () => mlmDistillation(2),
    changed: { method: () => mlmDistillation(4), setting: 'settings.temperature' },
    loader: () => new MlmLoader({ dataset: encoded('own'), tokenizer, batchSize: 16, key: randomKey(8) }),
    learningRate: 1e-2,
    learns: { steps: 40, ratio: 0.9 },
  }),
];
