import type { Parameter } from '@selfsup/ssl-nn';
import { checkOptions, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { bertConfigNames } from '../bert/bert-config.js';
import {
  EncoderForMaskedLM,
  type MaskedLmOptions,
  maskedLmOptionNames,
  type OutputNames,
} from '../models/encoder-for-masked-lm.js';
import { PredictionHead } from '../models/prediction-head.js';
import type { RobertaConfig } from './roberta-config.js';
import { RobertaModel } from './roberta-model.js';

/** Scores of words under the names of Hugging Face's `RobertaLMHead`. */
class RobertaLMHead extends PredictionHead {
  static override readonly fieldNames = {
    norm: 'layer_norm',
    decoderWeight: 'decoder.weight',
    tiedBias: 'decoder.bias',
  };
  /** The bias itself, under the decoder's name. */
  readonly tiedBias: Parameter;

  constructor(config: RobertaConfig, wordEmbedding: Parameter, key: RandomKey) {
    super(config, wordEmbedding, key);
    this.tiedBias = this.bias;
  }
}

/**
 * RoBERTa with the masked-language-modelling head. State names are those of Hugging Face's `RobertaForMaskedLM`; as there, a
 * saved file holds the tied tensors once.
 */
export class RobertaForMaskedLM extends EncoderForMaskedLM {
  static override readonly fieldNames = { head: 'lm_head' };
  readonly roberta: RobertaModel;
  override readonly head: PredictionHead;

  /** @throws InvalidOptionError for a configuration or options that are out of range */
  constructor(config: RobertaConfig, options: MaskedLmOptions) {
    super();
    checkOptions('RobertaForMaskedLM', config, bertConfigNames, 'config');
    const { key } = checkOptions('RobertaForMaskedLM', options, maskedLmOptionNames);
    this.roberta = new RobertaModel(config, { key: foldIn(key, 'roberta') });
    const words = this.roberta.embeddings.wordEmbeddings.weight;
    this.head = new RobertaLMHead(config, words, foldIn(key, 'predictions'));
  }

  get config(): RobertaConfig {
    return this.roberta.config;
  }

  get encoder(): RobertaModel {
    return this.roberta;
  }

  protected get outputNames(): OutputNames {
    return { weight: 'lm_head.decoder.weight', bias: 'lm_head.bias', decoderBias: 'lm_head.decoder.bias' };
  }
}
