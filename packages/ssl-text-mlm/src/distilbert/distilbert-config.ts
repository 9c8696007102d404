import { checkOptions, checkRate, type OptionNames } from '@selfsup/ssl-tensor/host';
import { type BertConfig, completeBertConfig } from '../bert/bert-config.js';

/** Sizes and rates of a DistilBERT encoder, by the names that BERT has for them; `config.json` has DistilBERT's own. */
export interface DistilBertConfig extends Omit<BertConfig, 'typeVocabSize' | 'layerNormEps' | 'classifierDropout'> {
  /** Dropout before the classifier of sequences. */
  readonly seqClassifDropout: number;
  /** Dropout before the scores of answers. */
  readonly qaDropout: number;
}

/** Names of {@link DistilBertConfig}. */
export const distilBertConfigNames: OptionNames<DistilBertConfig> = {
  vocabSize: 'requiredNumber',
  hiddenSize: 'requiredNumber',
  numHiddenLayers: 'requiredNumber',
  numAttentionHeads: 'requiredNumber',
  intermediateSize: 'requiredNumber',
  maxPositionEmbeddings: 'requiredNumber',
  hiddenDropout: 'requiredNumber',
  attentionDropout: 'requiredNumber',
  initializerRange: 'requiredNumber',
  seqClassifDropout: 'requiredNumber',
  qaDropout: 'requiredNumber',
  padTokenId: 'required',
  tieWordEmbeddings: 'requiredFlag',
};

const partialNames = Object.fromEntries(Object.keys(distilBertConfigNames).map((name) => [name, 'optional' as const]));

/** DistilBERT-base, uncased (Sanh et al. 2019, arXiv:1910.01108; Hugging Face `DistilBertConfig`). */
export const distilBertBase: DistilBertConfig = {
  vocabSize: 30522,
  hiddenSize: 768,
  numHiddenLayers: 6,
  numAttentionHeads: 12,
  intermediateSize: 3072,
  maxPositionEmbeddings: 512,
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
  initializerRange: 0.02,
  seqClassifDropout: 0.2,
  qaDropout: 0.1,
  padTokenId: 0,
  tieWordEmbeddings: true,
};

/**
 * A whole configuration: {@link distilBertBase} with what is given.
 *
 * @throws InvalidOptionError as `bertConfig`
 */
export function distilBertConfig(options: Partial<DistilBertConfig> = {}): DistilBertConfig {
  const config = { ...distilBertBase, ...checkOptions('distilBertConfig', options, partialNames) };
  const { seqClassifDropout, qaDropout } = config;
  checkRate('distilBertConfig', { seqClassifDropout, qaDropout });
  completeBertConfig('distilBertConfig', asBertConfig(config));
  return config;
}

/** The BERT whose parts a DistilBERT has: one kind of segment, which stands for none. */
export function asBertConfig(config: DistilBertConfig): BertConfig {
  const { seqClassifDropout: classifierDropout, qaDropout: _, ...sizes } = config;
  return { ...sizes, typeVocabSize: 1, layerNormEps: 1e-12, classifierDropout };
}
