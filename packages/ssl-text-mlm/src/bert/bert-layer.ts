import type { StateEntries } from '@selfsup/ssl-nn';
import { checkOptions, checkRandomKey, type RandomKey } from '@selfsup/ssl-tensor/host';
import { PostNormLayer } from '../models/post-norm-layer.js';
import { bertConfigNames, type BertConfig } from './bert-config.js';
import { readTensorFlowNorms } from './other-bert-names.js';

/** One encoder layer under the names of transformers' `BertLayer`, which are RoBERTa's and ELECTRA's too. */
export class BertLayer extends PostNormLayer {
  static override readonly fieldNames = {
    query: 'attention.self.query',
    key: 'attention.self.key',
    value: 'attention.self.value',
    attentionOutput: 'attention.output.dense',
    attentionNorm: 'attention.output.LayerNorm',
    intermediate: 'intermediate.dense',
    output: 'output.dense',
    outputNorm: 'output.LayerNorm',
  };

  constructor(config: BertConfig, key: RandomKey) {
    checkOptions('BertLayer', config, bertConfigNames, 'config');
    checkRandomKey('BertLayer', 'key', key);
    super(config, key);
  }

  /** Reads the names of TensorFlow too. */
  protected override upgradeStateDict(state: StateEntries): void {
    readTensorFlowNorms(state);
  }
}
