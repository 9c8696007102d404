import type { RandomKey } from '@selfsup/ssl-tensor/host';
import { bertConfig } from '../bert/bert-config.js';
import { debertaConfig } from '../deberta/deberta-config.js';
import { debertaV2Config } from '../deberta/deberta-v2-config.js';
import { distilBertConfig } from '../distilbert/distilbert-config.js';
import { electraConfig } from '../electra/electra-config.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import type { TextModel } from '../models/text-model.js';
import { type TextFamily, textFamilies } from '../models/text-families.js';
import { modernBertConfig } from '../modern-bert/modern-bert-config.js';
import { robertaConfig } from '../roberta/roberta-config.js';

/** A family of encoders, by the `model_type` of Hugging Face's `config.json`; `deberta-v2` is DeBERTa v3's as well. */
export type TextModelType = 'bert' | 'roberta' | 'distilbert' | 'electra' | 'deberta' | 'deberta-v2' | 'modernbert';

export const textModelTypes: readonly TextModelType[] = [
  'bert',
  'roberta',
  'distilbert',
  'electra',
  'deberta',
  'deberta-v2',
  'modernbert',
];

/** Sizes by which an encoder of any family is made. */
export interface TextModelSizes {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly dropout: number;
  /** Longest sequence, tokens. */
  readonly maxLength: number;
  readonly padTokenId: number;
}

/** A family's published configuration with what is given: not that which transformers takes for fields that a file lacks. */
const configs: Readonly<Record<TextModelType, (given: Readonly<Record<string, unknown>>) => object>> = {
  bert: bertConfig,
  roberta: robertaConfig,
  distilbert: distilBertConfig,
  electra: electraConfig,
  deberta: debertaConfig,
  'deberta-v2': debertaV2Config,
  modernbert: modernBertConfig,
};

/** What the families have beside the sizes that all have. */
const own: Readonly<Record<TextModelType, (sizes: TextModelSizes) => Readonly<Record<string, unknown>>>> = {
  bert: bertLike,
  // Positions count from the padding's id on.
  roberta: (sizes) => ({ ...bertLike(sizes), maxPositionEmbeddings: sizes.maxLength + sizes.padTokenId + 1 }),
  distilbert: bertLike,
  electra: (sizes) => ({ ...bertLike(sizes), embeddingSize: sizes.hiddenSize }),
  deberta: bertLike,
  'deberta-v2': bertLike,
  modernbert: ({ dropout, maxLength }) => ({
    embeddingDropout: dropout,
    attentionDropout: dropout,
    mlpDropout: dropout,
    maxPositionEmbeddings: maxLength,
  }),
};

function bertLike({ dropout, maxLength }: TextModelSizes): Readonly<Record<string, unknown>> {
  return { hiddenDropout: dropout, attentionDropout: dropout, maxPositionEmbeddings: maxLength };
}

/** A family's whole configuration of these sizes. */
export function textModelConfig(type: TextModelType, sizes: TextModelSizes): object {
  const { vocabSize, hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize, padTokenId } = sizes;
  const shared = { vocabSize, hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize, padTokenId };
  return configs[type]({ ...shared, ...own[type](sizes) });
}

/** Width of the feed-forward part. */
export const usualIntermediateSize = (type: TextModelType, hiddenSize: number): number =>
  // A gate is a third matrix: two thirds of the width have as many weights.
  type === 'modernbert' ? 32 * Math.max(1, Math.round((8 * hiddenSize) / 3 / 32)) : 4 * hiddenSize;

/** The configuration as a program has it: what differs from that of the family's base. */
export function writtenConfig(type: TextModelType, config: object, code: (value: unknown) => string): string {
  const base = Object.entries(configs[type]({}));
  const usual = new Map(base.map(([name, value]) => [name, JSON.stringify(value)]));
  const differing = Object.entries(config).filter(([name, value]) => usual.get(name) !== JSON.stringify(value));
  return `${configNameOf(type)}(${code(Object.fromEntries(differing))})`;
}

/** Start of the names of a family's classes: `Roberta` of `RobertaForMaskedLM`. */
export const classPrefixOf = (type: TextModelType): string => familyOf(type).classPrefix;

/** Name of the function that makes a family's configuration whole. */
export const configNameOf = (type: TextModelType): string => familyOf(type).format.functionName;

/** A masked language model of a family. */
export const maskedLmOf = (type: TextModelType, config: object, key: RandomKey): MaskedLmModel =>
  familyOf(type).maskedLm(config as never, key);

/** An encoder of a family. */
export const encoderOf = (type: TextModelType, config: object, key: RandomKey): TextModel =>
  familyOf(type).encoder(config as never, key, false);

const familyOf = (type: TextModelType): TextFamily => textFamilies.get(type)!;
