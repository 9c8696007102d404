import type { StateEntries } from '@selfsup/ssl-nn';
import { checkOptions, foldIn } from '@selfsup/ssl-tensor/host';
import {
  EncoderForMaskedLM,
  type MaskedLmOptions,
  maskedLmOptionNames,
  type OutputNames,
} from '../models/encoder-for-masked-lm.js';
import { type BertConfig, bertConfigNames } from './bert-config.js';
import { BertModel } from './bert-model.js';
import { BertPredictionHead } from './bert-prediction-head.js';
import { ignoreNextSentence } from './other-bert-names.js';

/**
 * BERT with the masked-language-modelling head, whose output matrix is the word embedding, or one of its own with
 * `tieWordEmbeddings: false`.
 *
 * State names are those of Hugging Face's `BertForMaskedLM`; as there, a saved file holds the tied tensors once.
 */
export class BertForMaskedLM extends EncoderForMaskedLM {
  static override readonly fieldNames = { head: 'cls.predictions' };
  readonly bert: BertModel;
  override readonly head: BertPredictionHead;

  /**
   * @param pooler with the encoder's pooler, for heads beside
   * @throws InvalidOptionError for options
   */
  constructor(config: BertConfig, options: MaskedLmOptions, pooler = false) {
    super();
    checkOptions('BertForMaskedLM', config, bertConfigNames, 'config');
    checkOptions('BertForMaskedLM', options, maskedLmOptionNames);
    this.bert = new BertModel(config, { key: foldIn(options.key, 'bert'), pooler });
    this.head = new BertPredictionHead(
      config,
      this.bert.embeddings.wordEmbeddings.weight,
      foldIn(options.key, 'predictions'),
    );
  }

  get config(): BertConfig {
    return this.bert.config;
  }

  get encoder(): BertModel {
    return this.bert;
  }

  protected get outputNames(): OutputNames {
    const head = 'cls.predictions';
    return { weight: `${head}.decoder.weight`, bias: `${head}.bias`, decoderBias: `${head}.decoder.bias` };
  }

  /** Whether the model has a next-sentence head of its own. */
  protected get tellsNextSentence(): boolean {
    return false;
  }

  /** A next-sentence head of the file that this model has not is reported as ignored. */
  protected override upgradeStateDict(state: StateEntries): void {
    if (!this.tellsNextSentence) ignoreNextSentence(state);
    super.upgradeStateDict(state);
  }
}
