import { checkMemory } from '@selfsup/ssl-core/files';
import {
  checkChoice,
  checkInteger,
  checkOptions,
  checkPositive,
  checkRate,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { bertLimits } from '../bert/bert-config.js';
import { type DebertaActivation, debertaActivations } from './activate.js';

/** A kind of score beside that of contents: of the query's content and the key's position, or the other way round. */
export type DebertaPositionScore = 'c2p' | 'p2c';

/** Sizes and rates of a DeBERTa, and how it uses positions. */
export interface DebertaConfig {
  /** Rows of the word embedding. */
  readonly vocabSize: number;
  /** Width of the embeddings; where it is not {@link hiddenSize}, a projection follows. */
  readonly embeddingSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** Width of the feed-forward layers. */
  readonly intermediateSize: number;
  /** Longest sequence, in tokens. */
  readonly maxPositionEmbeddings: number;
  /** Kinds of segments; 0: none. */
  readonly typeVocabSize: number;
  /** Dropout after embeddings, attention output and feed-forward, and of the relative positions. */
  readonly hiddenDropout: number;
  /** Dropout of attention weights. */
  readonly attentionDropout: number;
  readonly layerNormEps: number;
  /** Standard deviation of the Gaussian from which weights start. */
  readonly initializerRange: number;
  /** Id of the padding, whose word embedding starts at zero; null: none does. */
  readonly padTokenId: number | null;
  /** Whether attention has scores of relative positions. */
  readonly relativeAttention: boolean;
  /** Which scores; none of a kind twice. */
  readonly posAttType: readonly DebertaPositionScore[];
  /** Offsets beyond it count as it; -1: {@link maxPositionEmbeddings}. */
  readonly maxRelativePositions: number;
  /** Whether absolute positions are added to the embeddings. */
  readonly positionBiasedInput: boolean;
  /** Dropout of the first token before the pooler. */
  readonly poolerDropout: number;
  readonly poolerHiddenAct: DebertaActivation;
  /** Dropout before a classifier; null: that of {@link hiddenDropout}. */
  readonly classifierDropout: number | null;
  /**
   * Names of the head for masked tokens: `cls.predictions` (true), which transformers takes by default, or
   * `lm_predictions.lm_head` (false), which Microsoft's files have.
   */
  readonly legacy: boolean;
}

/** Names of {@link DebertaConfig}. */
export const debertaConfigNames: OptionNames<DebertaConfig> = {
  vocabSize: 'requiredNumber',
  embeddingSize: 'requiredNumber',
  hiddenSize: 'requiredNumber',
  numHiddenLayers: 'requiredNumber',
  numAttentionHeads: 'requiredNumber',
  intermediateSize: 'requiredNumber',
  maxPositionEmbeddings: 'requiredNumber',
  typeVocabSize: 'requiredNumber',
  hiddenDropout: 'requiredNumber',
  attentionDropout: 'requiredNumber',
  layerNormEps: 'requiredNumber',
  initializerRange: 'requiredNumber',
  padTokenId: 'required',
  relativeAttention: 'requiredFlag',
  posAttType: 'required',
  maxRelativePositions: 'requiredNumber',
  positionBiasedInput: 'requiredFlag',
  poolerDropout: 'requiredNumber',
  poolerHiddenAct: 'required',
  classifierDropout: 'required',
  legacy: 'requiredFlag',
};

/** DeBERTa-base (He et al. 2020, arXiv:2006.03654; `microsoft/deberta-base`), with the head of Microsoft's own file. */
export const debertaBase: DebertaConfig = {
  vocabSize: 50265,
  embeddingSize: 768,
  hiddenSize: 768,
  numHiddenLayers: 12,
  numAttentionHeads: 12,
  intermediateSize: 3072,
  maxPositionEmbeddings: 512,
  typeVocabSize: 0,
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
  layerNormEps: 1e-7,
  initializerRange: 0.02,
  padTokenId: 0,
  relativeAttention: true,
  posAttType: ['c2p', 'p2c'],
  maxRelativePositions: -1,
  positionBiasedInput: false,
  poolerDropout: 0,
  poolerHiddenAct: 'gelu',
  classifierDropout: null,
  legacy: false,
};

/** The same names with nothing required. */
export function optionalNames<T>(names: OptionNames<T>): Record<string, 'optional'> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, 'optional' as const]));
}

/**
 * A whole configuration of DeBERTa v1: {@link debertaBase} with what is given. `embeddingSize` is by default the
 * `hiddenSize`.
 *
 * @throws InvalidOptionError for a size that is no integer in its range, weights that do not fit the memory of this machine,
 *   a rate outside [0, 1), heads that do not divide the width, and an unknown kind of score or activation
 */
export function debertaConfig(options: Partial<DebertaConfig> = {}): DebertaConfig {
  const given = checkOptions('debertaConfig', options, optionalNames(debertaConfigNames));
  const config = { ...debertaBase, embeddingSize: given.hiddenSize ?? debertaBase.hiddenSize, ...given };
  checkDebertaSizes('debertaConfig', config);
  return config;
}

/** Sizes, with the least and the greatest. */
const ranges: readonly (readonly [keyof DebertaConfig, least: number, most: number])[] = [
  ['vocabSize', 1, bertLimits.vocabSize],
  ['embeddingSize', 1, bertLimits.hiddenSize],
  ['hiddenSize', 1, bertLimits.hiddenSize],
  ['numHiddenLayers', 1, bertLimits.numHiddenLayers],
  ['numAttentionHeads', 1, bertLimits.numAttentionHeads],
  ['intermediateSize', 1, bertLimits.intermediateSize],
  ['maxPositionEmbeddings', 1, bertLimits.maxPositionEmbeddings],
  ['typeVocabSize', 0, bertLimits.typeVocabSize],
  ['maxRelativePositions', -1, bertLimits.maxPositionEmbeddings],
];

/**
 * Checks what both kinds of configuration have.
 *
 * @throws InvalidOptionError that names the first field that does not fit
 */
export function checkDebertaSizes(where: string, config: DebertaConfig): void {
  for (const [name, least, most] of ranges) checkInteger(where, name, config[name] as number, least, most);
  for (const name of ['hiddenDropout', 'attentionDropout', 'poolerDropout'] as const)
    checkRate(where, { [name]: config[name] });
  for (const name of ['layerNormEps', 'initializerRange'] as const) checkPositive(where, { [name]: config[name] });
  for (const name of ['relativeAttention', 'positionBiasedInput', 'legacy'] as const)
    if (typeof config[name] !== 'boolean') throw new InvalidOptionError(where, name, 'true or false', config[name]);
  const { classifierDropout, padTokenId, vocabSize, hiddenSize, posAttType } = config;
  if (classifierDropout !== null) checkRate(where, { classifierDropout });
  if (padTokenId !== null && !(Number.isInteger(padTokenId) && padTokenId >= 0 && padTokenId < vocabSize))
    throw new InvalidOptionError(where, 'padTokenId', `null, or an id below ${vocabSize}`, padTokenId);
  if (hiddenSize % config.numAttentionHeads !== 0)
    throw new InvalidOptionError(
      where,
      'numAttentionHeads',
      `a divisor of hiddenSize (${hiddenSize})`,
      config.numAttentionHeads,
    );
  if (!Array.isArray(posAttType) || new Set(posAttType).size !== posAttType.length)
    throw new InvalidOptionError(where, 'posAttType', "a list of 'c2p' and 'p2c', each once at most", posAttType);
  for (const kind of posAttType) checkChoice(where, 'posAttType', kind, ['c2p', 'p2c']);
  checkChoice(where, 'poolerHiddenAct', config.poolerHiddenAct, debertaActivations);
  checkMemory(where, 'the weights', [
    { option: 'vocabSize', bytes: 4 * vocabSize * config.embeddingSize },
    { option: 'hiddenSize', bytes: 4 * 4 * hiddenSize ** 2 * config.numHiddenLayers },
    { option: 'intermediateSize', bytes: 4 * 2 * hiddenSize * config.intermediateSize * config.numHiddenLayers },
    { option: 'maxPositionEmbeddings', bytes: 4 * config.maxPositionEmbeddings * hiddenSize },
    { option: 'maxRelativePositions', bytes: 4 * 2 * Math.max(0, config.maxRelativePositions) * hiddenSize },
    { option: 'typeVocabSize', bytes: 4 * config.typeVocabSize * config.embeddingSize },
  ]);
}
