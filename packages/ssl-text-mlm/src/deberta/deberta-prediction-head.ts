import type { Parameter } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor/host';
import { PredictionHead } from '../models/prediction-head.js';
import type { DebertaConfig } from './deberta-config.js';

/** Scores of words under the names of transformers' `DebertaLMPredictionHead`, which are Microsoft's. */
export class DebertaPredictionHead extends PredictionHead {
  static override readonly fieldNames: Readonly<Record<string, string>> = {
    norm: 'LayerNorm',
    decoderWeight: 'decoder.weight',
    tiedBias: 'decoder.bias',
  };
  /** The bias itself, under the decoder's name. */
  readonly tiedBias: Parameter;

  /** @param wordEmbedding the model's, computed with */
  constructor(config: DebertaConfig, wordEmbedding: Parameter, key: RandomKey) {
    super({ ...config, tieWordEmbeddings: true }, wordEmbedding, key);
    this.tiedBias = this.bias;
  }
}

/** As {@link DebertaPredictionHead}, under the names of transformers' `LegacyDebertaLMPredictionHead`, which are BERT's. */
export class LegacyDebertaPredictionHead extends DebertaPredictionHead {
  static override readonly fieldNames = {
    ...DebertaPredictionHead.fieldNames,
    dense: 'transform.dense',
    norm: 'transform.LayerNorm',
  };
}
