/** Methods of texts with heads: replaced tokens, labels of tokens, several labels, numbers, answers. */
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import {
  bertConfig,
  BertForPreTraining,
  distilBertConfig,
  DistilBertModel,
  documentPairs,
  electraConfig,
  ElectraForMaskedLM,
  ElectraForPreTraining,
  type EmbeddingSharing,
  labelTargets,
  MlmLoader,
  MultiLabelClassification,
  numberTargets,
  QuestionAnswering,
  ReplacedTokenDetection,
  robertaConfig,
  RobertaModel,
  SentencePairPrediction,
  sentencePairs,
  type SentencePairTask,
  SequenceRegression,
  spanTargets,
  TextExampleLoader,
  TextForQuestionAnswering,
  TextForSequenceClassification,
  TextForTokenClassification,
  TokenClassification,
  TokenDataset,
  tokenTargets,
  trainWordPiece,
} from '@selfsup/ssl-text-mlm';
import type { Entry } from './entry.js';
import { entry } from './pictures.js';

const words = ['cat', 'dog', 'bird', 'fish', 'eats', 'sees'];
const stream = new RandomStream(randomKey(12));
const texts = Array.from({ length: 64 }, () => {
  const pick = (from: number, to: number): string => words[from + stream.integer(to - from)]!;
  return `${pick(0, 4)} ${pick(4, 6)} ${pick(0, 4)}`;
});
const tokenizer = await trainWordPiece({ lines: texts, vocabSize: 60 });
const dataset = TokenDataset.fromTexts(tokenizer, texts, { maxLength: 8 });
const sizes = {
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 16,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 32,
};
const roberta = (): RobertaModel =>
  new RobertaModel(robertaConfig({ ...sizes, maxPositionEmbeddings: 12, padTokenId: tokenizer.specialIds.pad }), {
    key: randomKey(5),
  });
const distilBert = (): DistilBertModel =>
  new DistilBertModel(distilBertConfig({ ...sizes, maxPositionEmbeddings: 8 }), { key: randomKey(5) });
const head = { key: randomKey(6) };

const replaced = (sharing: EmbeddingSharing, discriminatorWeight = 50): ReplacedTokenDetection => {
  const config = electraConfig({ ...sizes, embeddingSize: 8, maxPositionEmbeddings: 8 });
  const generator = new ElectraForMaskedLM({ ...config, hiddenSize: 8 }, { key: randomKey(7) });
  const shared = sharing === 'tied' ? { embeddings: generator.electra.embeddings } : {};
  const discriminator = new ElectraForPreTraining(config, { key: randomKey(8), ...shared });
  return new ReplacedTokenDetection(generator, discriminator, { sharing, discriminatorWeight });
};
const masked = (): MlmLoader =>
  new MlmLoader({ dataset, tokenizer, batchSize: 16, key: randomKey(8), bucketLengths: [8] });

/** Documents of one animal each, so that a text of another one is told. */
const pairs = documentPairs(
  tokenizer,
  words.slice(0, 4).flatMap((word) => {
    const own = texts.filter((text) => text.startsWith(word));
    return Array.from({ length: Math.floor(own.length / 4) }, (_, at) => own.slice(4 * at, 4 * at + 4));
  }),
  { maxLength: 11 },
);
const pairPrediction = (task: SentencePairTask): SentencePairPrediction =>
  new SentencePairPrediction(
    new BertForPreTraining(bertConfig({ ...sizes, maxPositionEmbeddings: 11 }), { key: randomKey(5) }),
    { task },
  );

const encoded = texts.map((text) => tokenizer.encode(text, { maxLength: 8 }));
/** Index of the verb, which is the answer. */
const verbOf = (text: string): number => words.indexOf(text.split(' ')[1]!);
const verbAt = (ids: readonly number[]): number =>
  ids.findIndex((id) => ['eats', 'sees'].includes(tokenizer.idToToken(id)!));
const common = { padId: tokenizer.specialIds.pad, batchSize: 16, key: foldIn(randomKey(9), 'examples') };

export const entries: readonly Entry[] = [
  ...(['tied', 'none', 'gradient-disentangled'] as const).map((sharing) =>
    entry({
      name: `ReplacedTokenDetection, ${sharing}`,
      method: () => replaced(sharing),
      changed: { method: () => replaced(sharing, 25), setting: 'settings.discriminatorWeight' },
      loader: masked,
      learningRate: 1e-2,
      learns: { steps: 60, ratio: 0.95 },
    }),
  ),
  entry({
    name: 'SentencePairPrediction',
    method: () => pairPrediction('next-sentence'),
    changed: { method: () => pairPrediction('sentence-order'), setting: 'settings.task' },
    loader: () =>
      new MlmLoader({
        dataset: sentencePairs({ pairs, task: 'next-sentence', key: randomKey(3) }),
        tokenizer,
        batchSize: 8,
        key: randomKey(8),
      }),
    learningRate: 1e-2,
    learns: { steps: 80, ratio: 0.9 },
  }),
  entry({
    name: 'TokenClassification',
    method: () => new TokenClassification(new TextForTokenClassification(roberta(), { ...head, numLabels: 2 })),
    changed: {
      method: () =>
        new TokenClassification(new TextForTokenClassification(roberta(), { ...head, numLabels: 2 }), {
          classWeights: [1, 2],
        }),
      setting: 'settings.classWeights',
    },
    loader: () =>
      new TextExampleLoader({
        ...common,
        examples: encoded.map((ids) => ({
          ids,
          target: ids.map((_, at) => (at === 0 ? -100 : Number(at === verbAt(ids)))),
        })),
        collate: tokenTargets,
      }),
    learningRate: 1e-2,
    learns: { steps: 40, ratio: 0.5 },
  }),
  entry({
    name: 'MultiLabelClassification',
    method: () =>
      new MultiLabelClassification(
        new TextForSequenceClassification(distilBert(), { ...head, numLabels: 6, pooling: 'mean' }),
      ),
    changed: undefined,
    loader: () =>
      new TextExampleLoader({
        ...common,
        examples: encoded.map((ids, at) => ({
          ids,
          target: words.map((word) => Number(texts[at]!.split(' ').includes(word))),
        })),
        collate: labelTargets,
      }),
    learningRate: 1e-2,
    learns: { steps: 80, ratio: 0.8 },
  }),
  entry({
    name: 'SequenceRegression',
    method: () => new SequenceRegression(new TextForSequenceClassification(roberta(), { ...head, numLabels: 1 })),
    changed: undefined,
    loader: () =>
      new TextExampleLoader({
        ...common,
        examples: encoded.map((ids, at) => ({ ids, target: [verbOf(texts[at]!) - 4.5] })),
        collate: numberTargets,
      }),
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.5 },
  }),
  entry({
    name: 'QuestionAnswering',
    method: () => new QuestionAnswering(new TextForQuestionAnswering(roberta(), head)),
    changed: undefined,
    loader: () =>
      new TextExampleLoader({
        ...common,
        examples: encoded.map((ids) => ({ ids, target: { start: verbAt(ids), end: verbAt(ids) } })),
        collate: spanTargets,
      }),
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.5 },
  }),
];
