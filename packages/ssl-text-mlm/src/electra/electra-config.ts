import { checkCount, checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { bertBase, type BertConfig, bertConfigNames, bertLimits, completeBertConfig } from '../bert/bert-config.js';

/** Sizes and rates of an ELECTRA encoder: a BERT's, and the width of the embeddings. */
export interface ElectraConfig extends BertConfig {
  /** Width of the embeddings; where it is not `hiddenSize`, a projection follows. */
  readonly embeddingSize: number;
}

/** Names of {@link ElectraConfig}. */
export const electraConfigNames: OptionNames<ElectraConfig> = { ...bertConfigNames, embeddingSize: 'requiredNumber' };

const partialNames = Object.fromEntries(Object.keys(electraConfigNames).map((name) => [name, 'optional' as const]));

/** A pair of sizes to pretrain with, and the share of tokens that is masked for it. */
export interface ElectraPair {
  readonly generator: ElectraConfig;
  readonly discriminator: ElectraConfig;
  readonly maskProbability: number;
}

/** The generator has a share of the discriminator's width, feed-forward width and heads, and its embeddings. */
function pairOf(discriminator: ElectraConfig, share: number, maskProbability: number): ElectraPair {
  const { hiddenSize, intermediateSize, numAttentionHeads } = discriminator;
  const generator = {
    ...discriminator,
    hiddenSize: Math.round(hiddenSize * share),
    intermediateSize: Math.round(intermediateSize * share),
    numAttentionHeads: Math.max(1, Math.round(numAttentionHeads * share)),
  };
  return { generator, discriminator, maskProbability };
}

const small: ElectraConfig = {
  ...bertBase,
  embeddingSize: 128,
  hiddenSize: 256,
  numAttentionHeads: 4,
  intermediateSize: 1024,
};
const base: ElectraConfig = { ...bertBase, embeddingSize: 768 };
const large: ElectraConfig = {
  ...bertBase,
  embeddingSize: 1024,
  hiddenSize: 1024,
  numHiddenLayers: 24,
  numAttentionHeads: 16,
  intermediateSize: 4096,
};

/** ELECTRA-Small (Clark et al. 2020, arXiv:2003.10555, table 6): a generator of a quarter, 15 % masked. */
export const electraSmall: ElectraPair = pairOf(small, 1 / 4, 0.15);

/** ELECTRA-Base (arXiv:2003.10555, table 6): a generator of a third, 15 % masked. */
export const electraBase: ElectraPair = pairOf(base, 1 / 3, 0.15);

/** ELECTRA-Large (arXiv:2003.10555, table 6): a generator of a quarter, 25 % masked. */
export const electraLarge: ElectraPair = pairOf(large, 1 / 4, 0.25);

/** A pair for a CPU, of no paper: ELECTRA-Small's proportions with four layers of width 128. */
export const electraMini: ElectraPair = pairOf(
  {
    ...small,
    vocabSize: 8192,
    maxPositionEmbeddings: 128,
    embeddingSize: 64,
    hiddenSize: 128,
    numHiddenLayers: 4,
    intermediateSize: 512,
  },
  1 / 2,
  0.15,
);

/**
 * A whole configuration: ELECTRA-Small's discriminator with what is given.
 *
 * @throws InvalidOptionError as `bertConfig`, and for an `embeddingSize` that is no size
 */
export function electraConfig(options: Partial<ElectraConfig> = {}): ElectraConfig {
  const { embeddingSize, ...sizes } = { ...small, ...checkOptions('electraConfig', options, partialNames) };
  checkCount('electraConfig', { embeddingSize });
  if (embeddingSize > bertLimits.hiddenSize)
    throw new InvalidOptionError('electraConfig', 'embeddingSize', `at most ${bertLimits.hiddenSize}`, embeddingSize);
  return { ...completeBertConfig('electraConfig', sizes), embeddingSize };
}
