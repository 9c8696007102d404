import type { RandomKey } from '@selfsup/ssl-tensor/host';
import type { BertConfig } from '../bert/bert-config.js';
import { PostNormLayer } from '../models/post-norm-layer.js';

/** One encoder layer under the names of transformers' DistilBERT; nothing is dropped between attention and sum. */
export class DistilBertLayer extends PostNormLayer {
  static override readonly fieldNames = {
    query: 'attention.q_lin',
    key: 'attention.k_lin',
    value: 'attention.v_lin',
    attentionOutput: 'attention.out_lin',
    attentionNorm: 'sa_layer_norm',
    intermediate: 'ffn.lin1',
    output: 'ffn.lin2',
    outputNorm: 'output_layer_norm',
  };

  constructor(config: BertConfig, key: RandomKey) {
    super({ ...config, attentionOutputDropout: 0 }, key);
  }
}
