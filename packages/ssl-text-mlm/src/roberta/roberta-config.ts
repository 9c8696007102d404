import { checkOptions, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { bertBase, type BertConfig, bertConfigNames, completeBertConfig } from '../bert/bert-config.js';

/**
 * Sizes and rates of a RoBERTa encoder: those of a BERT. Of `maxPositionEmbeddings` the first `padTokenId + 1` are not for
 * tokens, so 514 is for sequences of 512 tokens.
 */
export type RobertaConfig = BertConfig;

/** RoBERTa-base (Liu et al. 2019, arXiv:1907.11692; `config.json` of Hugging Face's roberta-base). */
export const robertaBase: RobertaConfig = {
  ...bertBase,
  vocabSize: 50265,
  maxPositionEmbeddings: 514,
  typeVocabSize: 1,
  layerNormEps: 1e-5,
  padTokenId: 1,
};

/** RoBERTa-large (arXiv:1907.11692, table 9; `config.json` of Hugging Face's roberta-large). */
export const robertaLarge: RobertaConfig = {
  ...robertaBase,
  hiddenSize: 1024,
  numHiddenLayers: 24,
  numAttentionHeads: 16,
  intermediateSize: 4096,
};

const partialNames = Object.fromEntries(Object.keys(bertConfigNames).map((name) => [name, 'optional' as const]));

/**
 * A whole configuration: {@link robertaBase} with what is given.
 *
 * @throws InvalidOptionError as `bertConfig`, and where there is no padding or no position for a token
 */
export function robertaConfig(options: Partial<RobertaConfig> = {}): RobertaConfig {
  const given = checkOptions('robertaConfig', options, partialNames);
  const config = completeBertConfig('robertaConfig', { ...robertaBase, ...given });
  const { padTokenId, maxPositionEmbeddings } = config;
  if (padTokenId === null)
    throw new InvalidOptionError(
      'robertaConfig',
      'padTokenId',
      'the id of the padding, after which positions count',
      padTokenId,
    );
  if (maxPositionEmbeddings <= padTokenId + 1)
    throw new InvalidOptionError(
      'robertaConfig',
      'maxPositionEmbeddings',
      `more than padTokenId + 1 (${padTokenId + 1}), as the positions before are not for tokens`,
      maxPositionEmbeddings,
    );
  return config;
}
