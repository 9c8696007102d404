/** The registry: every training method of the packages, and three shapes of methods that are still to come. */
import type * as tf from '@tensorflow/tfjs-core';
import { type NdArray, randomKey } from '@selfsup/ssl-core';
import { DataLoader, ImageArrayDataset, simclrViews } from '@selfsup/ssl-data';
import type { ForwardContext } from '@selfsup/ssl-nn';
import {
  bertConfig,
  BertForMaskedLM,
  BertForSequenceClassification,
  BertModel,
  BertTextEncoder,
  ClassificationLoader,
  MaskedLanguageModelling,
  MlmLoader,
  SequenceClassification,
  TokenDataset,
  trainWordPiece,
} from '@selfsup/ssl-text-mlm';
import { Clip, ImageTextLoader } from '@selfsup/ssl-multimodal';
import { zipLoaders } from '@selfsup/ssl-train';
import { ClassificationFineTuning, Classifier, LabelledBatches } from '@selfsup/ssl-transfer';
import { Mae, MaskedAutoencoder, normalizeImages, ProjectionHead, SimClr } from '@selfsup/ssl-vision';
import { entries as blip } from './entries-blip.js';
import { entries as dense } from './entries-dense.js';
import { entries as dinoEntries } from './entries-dino.js';
import { entries as distilled } from './entries-distillation.js';
import { entries as generative } from './entries-generative.js';
import { entries as redundancy } from './entries-redundancy.js';
import { entries as textHeads } from './entries-text-heads.js';
import { entries as sentence } from './entries-sentence.js';
import { entries as twins } from './entries-twins.js';
import { entries as volumes } from './entries-volumes.js';
import type { Entry } from './entry.js';
import { dataset, encoder, entry, images, labels, side, statistics, stripes } from './pictures.js';
import { crops, labelled, pairs, QueueTwin, SemiSupervised, TwoTowers, unlabelled } from './shapes.js';

const paired = new ImageArrayDataset(stripes(48).images);

const simClr = (temperature?: number): SimClr =>
  new SimClr({
    backbone: encoder(),
    head: new ProjectionHead(16, { outDim: 8, key: randomKey(3) }),
    normalize: statistics,
    ...(temperature === undefined ? {} : { temperature }),
  });

const mae = (maskRatio: number): Mae =>
  new Mae({
    model: new MaskedAutoencoder({
      key: randomKey(2),
      imageSize: side,
      patchSize: 2,
      inChannels: 1,
      dim: 16,
      depth: 1,
      heads: 2,
      decoder: { dim: 16, depth: 1, heads: 2 },
    }),
    normalize: statistics,
    maskRatio,
    normalizeTargets: false,
  });

const fineTuning = (backboneMode: 'training' | 'evaluation'): ClassificationFineTuning<NdArray<Uint8Array>> => {
  const backbone = encoder();
  const features = (x: tf.Tensor, ctx: ForwardContext): tf.Tensor2D =>
    backbone.forward(normalizeImages(x, statistics), ctx);
  const classifier = new Classifier<NdArray<Uint8Array>>({
    backbone,
    featureDim: 16,
    features,
    classes: 2,
    key: randomKey(4),
  });
  return new ClassificationFineTuning(classifier, { backboneMode });
};

const words = [
  ['cat', 'eats', 'fish'],
  ['dog', 'chews', 'bone'],
];
const texts = Array.from({ length: 48 }, (_, at) => words[at % 2]!.join(' '));
const tokenizer = await trainWordPiece({ lines: texts, vocabSize: 60 });
const tokens = TokenDataset.fromTexts(tokenizer, texts, { maxLength: 8, labels: texts.map((_, at) => at % 2) });
const config = bertConfig({
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 16,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 32,
  maxPositionEmbeddings: 8,
});

const clip = (temperature: number): Clip =>
  new Clip({
    image: encoder(),
    text: new BertTextEncoder(new BertModel(config, { key: randomKey(7) })),
    key: randomKey(9),
    normalize: statistics,
    embedDim: 8,
    temperature,
  });

export const entries: readonly Entry[] = [
  entry({
    name: 'SimClr, two workers',
    method: () => simClr(),
    changed: { method: () => simClr(0.2), setting: 'settings.temperature' },
    loader: () =>
      new DataLoader({
        dataset,
        views: simclrViews({ size: side }),
        batchSize: 16,
        shuffle: true,
        workers: 2,
        seed: 4,
      }),
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Mae, two batches an update',
    method: () => mae(0.5),
    changed: { method: () => mae(0.75), setting: 'settings.maskRatio' },
    loader: () =>
      new DataLoader({ dataset, views: [(image) => image], batchSize: 16, shuffle: true, workers: 0, seed: 4 }),
    accumulateSteps: 2,
    learningRate: 6e-3,
    learns: { steps: 60, ratio: 0.9 },
  }),
  entry({
    name: 'MaskedLanguageModelling',
    method: () => new MaskedLanguageModelling(new BertForMaskedLM(config, { key: randomKey(7) })),
    changed: undefined,
    loader: () => new MlmLoader({ dataset: tokens, tokenizer, batchSize: 16, key: randomKey(8), bucketLengths: [8] }),
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.8 },
  }),
  entry({
    name: 'SequenceClassification',
    method: () =>
      new SequenceClassification(new BertForSequenceClassification(config, { key: randomKey(7), numLabels: 2 })),
    changed: undefined,
    loader: () =>
      new ClassificationLoader({
        dataset: tokens,
        padId: tokenizer.specialIds.pad,
        batchSize: 16,
        key: randomKey(8),
        bucketLengths: [8],
      }),
    learningRate: 1e-2,
    learns: { steps: 40, ratio: 0.5 },
  }),
  entry({
    name: 'ClassificationFineTuning',
    method: () => fineTuning('training'),
    changed: { method: () => fineTuning('evaluation'), setting: 'settings.backboneMode' },
    loader: () => new LabelledBatches({ inputs: images, labels, classes: 2, batchSize: 16, key: randomKey(5) }),
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.5 },
  }),
  entry({
    name: 'Clip',
    method: () => clip(0.07),
    changed: { method: () => clip(0.2), setting: 'settings.temperature' },
    loader: () =>
      new ImageTextLoader({
        images: new DataLoader({ dataset: paired, views: [(image) => image], batchSize: 16, workers: 0, seed: 4 }),
        texts: tokens,
        padId: tokenizer.specialIds.pad,
      }),
    learningRate: 1e-2,
    learns: { steps: 40, ratio: 0.95 },
  }),
  entry({
    name: 'queue, twin, crops, centre, schedules and phases',
    method: () => new QueueTwin(),
    changed: { method: () => new QueueTwin(0.6), setting: 'settings.share' },
    loader: crops,
    accumulateSteps: 2,
    phases: 3,
    learningRate: 1e-2,
    learns: { steps: 40, ratio: 0.9 },
  }),
  entry({
    name: 'two towers',
    method: () => new TwoTowers(),
    changed: { method: () => new TwoTowers(50), setting: 'settings.limit' },
    loader: pairs,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.9 },
  }),
  entry({
    name: 'two loaders',
    method: () => new SemiSupervised(),
    changed: { method: () => new SemiSupervised(0.2), setting: 'settings.share' },
    loader: () => zipLoaders({ unlabelled: unlabelled(), labelled: labelled() }),
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.5 },
  }),
  ...twins,
  ...dinoEntries,
  ...redundancy,
  ...distilled,
  ...dense,
  ...generative,
  ...blip,
  ...volumes,
  ...textHeads,
  ...sentence,
];
