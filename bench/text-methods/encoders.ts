import { foldIn, type RandomKey } from '@selfsup/ssl-core';
import type { Module } from '@selfsup/ssl-nn';
import {
  BertForMaskedLM,
  BertModel,
  bertConfig,
  DebertaV2ForMaskedLM,
  DebertaV2Model,
  debertaV2Config,
  DistilBertForMaskedLM,
  DistilBertModel,
  distilBertConfig,
  electraConfig,
  ElectraForMaskedLM,
  ElectraForPreTraining,
  ElectraModel,
  type MaskedLmModel,
  MaskedLanguageModelling,
  type MlmBatch,
  MlmDistillation,
  ModernBertForMaskedLM,
  ModernBertModel,
  modernBertConfig,
  ReplacedTokenDetection,
  RobertaForMaskedLM,
  RobertaModel,
  robertaConfig,
  type TextModel,
} from '@selfsup/ssl-text-mlm';
import type { Method } from '@selfsup/ssl-train';
import type { TextData } from './data-of.js';
import type { EncoderName } from './kinds.js';

/** Sizes that all families have, and the rate of their dropout. */
export const sizesOf = ({ budget, tokenizer, texts }: TextData, dropout = 0) => ({
  vocabSize: tokenizer.vocabSize,
  hiddenSize: budget.width,
  numHiddenLayers: budget.layers,
  numAttentionHeads: budget.heads,
  intermediateSize: 4 * budget.width,
  maxPositionEmbeddings: texts.maxLength,
  hiddenDropout: dropout,
  attentionDropout: dropout,
  padTokenId: tokenizer.specialIds.pad,
});

/** What pretrains an encoder. */
export interface Pretraining {
  readonly method: Method<MlmBatch, string>;
  /** Whose weights are kept. */
  readonly kept: Module;
  /** Whose held-out loss is told. */
  readonly masked: MaskedLmModel;
}

/** A family. */
interface Family {
  /** Without a head. */
  readonly encoder: (data: TextData, key: RandomKey, dropout: number) => TextModel;
  /** @param teacher a trained BERT, for those that are distilled */
  readonly pretraining: (
    data: TextData,
    key: RandomKey,
    teacher: () => Promise<BertForMaskedLM>,
  ) => Promise<Pretraining>;
  /** Batches are packed blocks. */
  readonly packing?: true;
  /** Highest rate, of AdamW. */
  readonly learningRate: number;
}

/** Rate of the demo's BERT. */
const learningRate = 1.5e-3;

const byMasks = (model: MaskedLmModel): Promise<Pretraining> =>
  Promise.resolve({ method: new MaskedLanguageModelling(model), kept: model, masked: model });

/** Positions count after the padding's id. */
const robertaOf = (data: TextData, dropout = 0) => {
  const sizes = sizesOf(data, dropout);
  return robertaConfig({ ...sizes, maxPositionEmbeddings: sizes.maxPositionEmbeddings + sizes.padTokenId + 1 });
};

const debertaOf = (data: TextData, dropout = 0) =>
  debertaV2Config({ ...sizesOf(data, dropout), positionBuckets: data.texts.maxLength / 2 });

/** Half the layers, rounded up. */
const distilBertOf = (data: TextData, dropout = 0) => {
  const sizes = sizesOf(data, dropout);
  return distilBertConfig({
    ...sizes,
    numHiddenLayers: Math.ceil(sizes.numHiddenLayers / 2),
    seqClassifDropout: dropout,
  });
};

const electraOf = (data: TextData, dropout = 0) => {
  const sizes = sizesOf(data, dropout);
  return electraConfig({ ...sizes, embeddingSize: sizes.hiddenSize });
};

/** GeGLU has three matrices where others have two, so two thirds of the width between them. */
const modernBertOf = (data: TextData, dropout = 0) => {
  const { hiddenDropout: _, ...sizes } = sizesOf(data, dropout);
  return modernBertConfig({
    ...sizes,
    intermediateSize: Math.round((8 / 3) * sizes.hiddenSize),
    localAttention: data.texts.maxLength,
    embeddingDropout: dropout,
    mlpDropout: dropout,
    classifierDropout: dropout,
  });
};

/** How each family is made and pretrained. */
export const families: Readonly<Record<EncoderName, Family>> = {
  bert: {
    encoder: (data, key, dropout) => new BertModel(bertConfig(sizesOf(data, dropout)), { key }),
    pretraining: (data, key) => byMasks(new BertForMaskedLM(bertConfig(sizesOf(data)), { key })),
    learningRate,
  },
  roberta: {
    encoder: (data, key, dropout) => new RobertaModel(robertaOf(data, dropout), { key }),
    pretraining: (data, key) => byMasks(new RobertaForMaskedLM(robertaOf(data), { key })),
    learningRate,
  },
  'deberta-v3': {
    encoder: (data, key, dropout) => new DebertaV2Model(debertaOf(data, dropout), { key }),
    pretraining: (data, key) => byMasks(new DebertaV2ForMaskedLM(debertaOf(data), { key })),
    learningRate,
  },
  electra: {
    encoder: (data, key, dropout) => new ElectraModel(electraOf(data, dropout), { key }),
    pretraining: (data, key) => {
      const config = electraOf(data);
      const half = {
        ...config,
        hiddenSize: config.hiddenSize / 2,
        intermediateSize: config.intermediateSize / 2,
        numAttentionHeads: config.numAttentionHeads / 2,
      };
      const generator = new ElectraForMaskedLM(half, { key: foldIn(key, 'generator') });
      const { embeddings } = generator.electra;
      const discriminator = new ElectraForPreTraining(config, { key, embeddings });
      const method = new ReplacedTokenDetection(generator, discriminator);
      return Promise.resolve({ method, kept: discriminator, masked: generator });
    },
    learningRate,
  },
  distilbert: {
    encoder: (data, key, dropout) => new DistilBertModel(distilBertOf(data, dropout), { key }),
    pretraining: async (data, key, teacher) => {
      const student = new DistilBertForMaskedLM(distilBertOf(data), { key });
      const method = new MlmDistillation({ student, teacher: await teacher(), key: foldIn(key, 'distillation') });
      return { method, kept: student, masked: student };
    },
    learningRate,
  },
  modernbert: {
    encoder: (data, key, dropout) => new ModernBertModel(modernBertOf(data, dropout), { key }),
    pretraining: (data, key) => byMasks(new ModernBertForMaskedLM(modernBertOf(data), { key })),
    packing: true,
    learningRate,
  },
};
