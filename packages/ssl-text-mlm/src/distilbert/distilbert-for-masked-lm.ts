import type { Parameter } from '@selfsup/ssl-nn';
import { checkOptions, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import {
  EncoderForMaskedLM,
  type MaskedLmOptions,
  maskedLmOptionNames,
  type OutputNames,
} from '../models/encoder-for-masked-lm.js';
import { PredictionHead } from '../models/prediction-head.js';
import { asBertConfig, type DistilBertConfig, distilBertConfigNames } from './distilbert-config.js';
import { DistilBertModel } from './distilbert-model.js';

/** Scores of words under the names of Hugging Face's `DistilBertForMaskedLM`. */
class DistilBertPredictionHead extends PredictionHead {
  static override readonly fieldNames = {
    dense: 'vocab_transform',
    norm: 'vocab_layer_norm',
    bias: 'vocab_projector.bias',
    decoderWeight: 'vocab_projector.weight',
  };

  constructor(config: DistilBertConfig, wordEmbedding: Parameter, key: RandomKey) {
    super(asBertConfig(config), wordEmbedding, key);
  }
}

/**
 * DistilBERT with the masked-language-modelling head. State names are those of Hugging Face's `DistilBertForMaskedLM`; as
 * there, a saved file holds the tied tensors once.
 */
export class DistilBertForMaskedLM extends EncoderForMaskedLM {
  static override readonly fieldNames = { head: '' };
  readonly distilbert: DistilBertModel;
  override readonly head: PredictionHead;

  /** @throws InvalidOptionError for a configuration or options that are out of range */
  constructor(config: DistilBertConfig, options: MaskedLmOptions) {
    super();
    checkOptions('DistilBertForMaskedLM', config, distilBertConfigNames, 'config');
    const { key } = checkOptions('DistilBertForMaskedLM', options, maskedLmOptionNames);
    this.distilbert = new DistilBertModel(config, { key: foldIn(key, 'distilbert') });
    const words = this.distilbert.embeddings.wordEmbeddings.weight;
    this.head = new DistilBertPredictionHead(config, words, foldIn(key, 'predictions'));
  }

  get config(): DistilBertConfig {
    return this.distilbert.config;
  }

  get encoder(): DistilBertModel {
    return this.distilbert;
  }

  protected get outputNames(): OutputNames {
    return { weight: 'vocab_projector.weight', bias: 'vocab_projector.bias' };
  }
}
