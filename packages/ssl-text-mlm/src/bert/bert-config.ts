import { checkMemory, type MemoryNeed } from '@selfsup/ssl-core/files';
import {
  checkCount,
  checkOptions,
  checkPositive,
  checkRate,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';

/** Sizes and rates of a BERT encoder. */
export interface BertConfig {
  /** Rows of the word embedding. */
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** Width of the feed-forward layers. */
  readonly intermediateSize: number;
  /** Longest sequence, in tokens. */
  readonly maxPositionEmbeddings: number;
  /** Kinds of segments. */
  readonly typeVocabSize: number;
  /** Dropout after embeddings, attention output and feed-forward. */
  readonly hiddenDropout: number;
  /** Dropout of attention weights. */
  readonly attentionDropout: number;
  readonly layerNormEps: number;
  /** Standard deviation of the Gaussian from which weights start. */
  readonly initializerRange: number;
  /** Dropout before a classifier; null: that of {@link hiddenDropout}. */
  readonly classifierDropout: number | null;
  /** Id of the padding, whose word embedding starts at zero; null: none does. */
  readonly padTokenId: number | null;
  /**
   * Whether the word embedding is also the output matrix of masked-language modelling. Otherwise the head has a matrix
   * of its own.
   */
  readonly tieWordEmbeddings: boolean;
}

/** Names of {@link BertConfig}. */
export const bertConfigNames: OptionNames<BertConfig> = {
  vocabSize: 'requiredNumber',
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
  classifierDropout: 'required',
  padTokenId: 'required',
  tieWordEmbeddings: 'requiredFlag',
};

const partialConfigNames = Object.fromEntries(Object.keys(bertConfigNames).map((name) => [name, 'optional' as const]));

/** BERT-base, uncased (arXiv:1810.04805; Hugging Face `BertConfig`). */
export const bertBase: BertConfig = {
  vocabSize: 30522,
  hiddenSize: 768,
  numHiddenLayers: 12,
  numAttentionHeads: 12,
  intermediateSize: 3072,
  maxPositionEmbeddings: 512,
  typeVocabSize: 2,
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
  layerNormEps: 1e-12,
  initializerRange: 0.02,
  classifierDropout: null,
  padTokenId: 0,
  tieWordEmbeddings: true,
};

/** Largest sizes; beyond them are slips of the pen and hostile files, and no model that anybody trains. */
export const bertLimits = {
  vocabSize: 2 ** 24,
  hiddenSize: 2 ** 16,
  numHiddenLayers: 1024,
  numAttentionHeads: 2 ** 16,
  intermediateSize: 2 ** 20,
  maxPositionEmbeddings: 2 ** 20,
  typeVocabSize: 2 ** 16,
} as const satisfies Partial<Record<keyof BertConfig, number>>;

/**
 * A whole configuration: {@link bertBase} with what is given.
 *
 * @throws InvalidOptionError if a size is not an integer from 1 to {@link bertLimits}, the weights do not fit the memory of
 *   this machine, a rate is outside [0, 1), the padding is no id, or the
 *   heads do not divide the width
 */
export function bertConfig(options: Partial<BertConfig> = {}): BertConfig {
  return completeBertConfig('bertConfig', { ...bertBase, ...checkOptions('bertConfig', options, partialConfigNames) });
}

/** A configuration whose sizes and rates have been checked, for functions that say under their own name what is wrong. */
export function completeBertConfig(where: string, config: BertConfig): BertConfig {
  for (const name of Object.keys(bertLimits) as (keyof typeof bertLimits)[]) {
    checkCount(where, { [name]: config[name] });
    if (config[name] > bertLimits[name])
      throw new InvalidOptionError(where, name, `at most ${bertLimits[name]}`, config[name]);
  }
  for (const name of ['hiddenDropout', 'attentionDropout'] as const) {
    checkRate(where, { [name]: config[name] });
  }
  for (const name of ['layerNormEps', 'initializerRange'] as const) {
    checkPositive(where, { [name]: config[name] });
  }
  const { classifierDropout, padTokenId, tieWordEmbeddings } = config;
  if (classifierDropout !== null && !(classifierDropout >= 0 && classifierDropout < 1))
    throw new InvalidOptionError(where, 'classifierDropout', 'null, or at least 0 and below 1', classifierDropout);
  if (padTokenId !== null && !(Number.isInteger(padTokenId) && padTokenId >= 0 && padTokenId < config.vocabSize))
    throw new InvalidOptionError(where, 'padTokenId', `null, or an id below ${config.vocabSize}`, padTokenId);
  if (typeof tieWordEmbeddings !== 'boolean')
    throw new InvalidOptionError(where, 'tieWordEmbeddings', 'true or false', tieWordEmbeddings);
  if (config.hiddenSize % config.numAttentionHeads !== 0) {
    throw new InvalidOptionError(
      where,
      'numAttentionHeads',
      `a divisor of hiddenSize (${config.hiddenSize})`,
      config.numAttentionHeads,
    );
  }
  checkMemory(where, 'the weights', weightNeeds(config));
  return config;
}

/** Bytes of the encoder's weights; vectors beside the matrices are left out. */
function weightNeeds(config: BertConfig): readonly MemoryNeed[] {
  const { hiddenSize: width, numHiddenLayers: layers, intermediateSize, tieWordEmbeddings } = config;
  const embedding = 4 * config.vocabSize * width;
  return [
    { option: 'vocabSize', bytes: tieWordEmbeddings ? embedding : 2 * embedding },
    { option: 'hiddenSize', bytes: 4 * 4 * width * width * layers },
    { option: 'intermediateSize', bytes: 4 * 2 * width * intermediateSize * layers },
    { option: 'maxPositionEmbeddings', bytes: 4 * config.maxPositionEmbeddings * width },
    { option: 'typeVocabSize', bytes: 4 * config.typeVocabSize * width },
  ];
}
