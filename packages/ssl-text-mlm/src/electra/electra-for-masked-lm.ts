import { checkOptions, foldIn } from '@selfsup/ssl-tensor/host';
import { EncoderForMaskedLM, type OutputNames } from '../models/encoder-for-masked-lm.js';
import { PredictionHead } from '../models/prediction-head.js';
import { type ElectraConfig, electraConfigNames } from './electra-config.js';
import { ElectraModel, type ElectraModelOptions, electraModelOptionNames } from './electra-model.js';

/** Scores of words under the names of Hugging Face's `ElectraForMaskedLM`. */
class ElectraPredictionHead extends PredictionHead {
  static override readonly fieldNames = {
    dense: 'generator_predictions.dense',
    norm: 'generator_predictions.LayerNorm',
    bias: 'generator_lm_head.bias',
    decoderWeight: 'generator_lm_head.weight',
  };
}

/**
 * ELECTRA's generator: the encoder with a head that scores words. State names are those of Hugging Face's
 * `ElectraForMaskedLM`; as there, a saved file holds the tied tensors once.
 */
export class ElectraForMaskedLM extends EncoderForMaskedLM {
  static override readonly fieldNames = { head: '' };
  readonly electra: ElectraModel;
  override readonly head: PredictionHead;

  /** @throws InvalidOptionError as {@link ElectraModel} */
  constructor(config: ElectraConfig, options: ElectraModelOptions) {
    super();
    checkOptions('ElectraForMaskedLM', config, electraConfigNames, 'config');
    const { key, ...rest } = checkOptions('ElectraForMaskedLM', options, electraModelOptionNames);
    this.electra = new ElectraModel(config, { ...rest, key: foldIn(key, 'electra') });
    const words = this.electra.embeddings.wordEmbeddings.weight;
    this.head = new ElectraPredictionHead(config, words, foldIn(key, 'predictions'));
  }

  get config(): ElectraConfig {
    return this.electra.config;
  }

  get encoder(): ElectraModel {
    return this.electra;
  }

  protected get outputNames(): OutputNames {
    return { weight: 'generator_lm_head.weight', bias: 'generator_lm_head.bias' };
  }
}
