import type { Parameter, StateEntries } from '@selfsup/ssl-nn';
import { checkOptions, checkRandomKey, type RandomKey } from '@selfsup/ssl-tensor/host';
import { PredictionHead } from '../models/prediction-head.js';
import { type BertConfig, bertConfigNames } from './bert-config.js';
import { readTensorFlowNorms } from './other-bert-names.js';

/** Scores of words under the names of Hugging Face's `BertLMPredictionHead`. */
export class BertPredictionHead extends PredictionHead {
  static override readonly fieldNames = {
    dense: 'transform.dense',
    norm: 'transform.LayerNorm',
    decoderWeight: 'decoder.weight',
    tiedBias: 'decoder.bias',
  };
  /** The bias itself, under the decoder's name. */
  readonly tiedBias: Parameter;

  /** @param wordEmbedding the model's; computed with unless the configuration unties them */
  constructor(config: BertConfig, wordEmbedding: Parameter, key: RandomKey) {
    checkOptions('BertPredictionHead', config, bertConfigNames, 'config');
    checkRandomKey('BertPredictionHead', 'key', key);
    super(config, wordEmbedding, key);
    this.tiedBias = this.bias;
  }

  /** Reads the names of TensorFlow too. */
  protected override upgradeStateDict(state: StateEntries): void {
    readTensorFlowNorms(state);
  }
}
