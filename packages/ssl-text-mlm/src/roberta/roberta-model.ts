import type { Linear, StateEntries } from '@selfsup/ssl-nn';
import { checkOptions, foldIn } from '@selfsup/ssl-tensor/host';
import { bertConfigNames } from '../bert/bert-config.js';
import { BertEmbeddings } from '../bert/bert-embeddings.js';
import { BertLayer } from '../bert/bert-layer.js';
import { type BertModelOptions, bertModelOptionNames } from '../bert/bert-model.js';
import { ignoreBelow } from '../bert/other-bert-names.js';
import { PostNormEncoder } from '../models/post-norm-encoder.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import type { RobertaConfig } from './roberta-config.js';

/**
 * RoBERTa encoder: BERT's layers, and positions that count tokens from `padTokenId + 1`, wherever the padding stands.
 *
 * State names and shapes are those of Hugging Face's `RobertaModel`. Source: Liu et al. 2019, arXiv:1907.11692.
 */
export class RobertaModel extends PostNormEncoder {
  static override readonly fieldNames = { layers: 'encoder.layer', poolerDense: 'pooler.dense' };
  override readonly baseName = 'roberta';
  override readonly config: RobertaConfig;
  override readonly embeddings: BertEmbeddings;
  override readonly layers: readonly BertLayer[];
  readonly poolerDense?: Linear;

  /** @throws InvalidOptionError for a configuration or options that are out of range */
  constructor(config: RobertaConfig, options: BertModelOptions) {
    super();
    checkOptions('RobertaModel', options, bertModelOptionNames);
    checkOptions('RobertaModel', config, bertConfigNames, 'config');
    const { key, pooler = false } = options;
    this.config = config;
    this.embeddings = new BertEmbeddings(config, foldIn(key, 'embeddings'), { positions: 'tokens' });
    this.layers = Array.from(
      { length: config.numHiddenLayers },
      (_, index) => new BertLayer(config, foldIn(foldIn(key, 'layer'), index)),
    );
    if (pooler) this.poolerDense = gaussianLinear(config.hiddenSize, config.hiddenSize, config, foldIn(key, 'pooler'));
  }

  /** Longest sequence, tokens: `maxPositionEmbeddings - padTokenId - 1`. */
  get maxTokens(): number {
    return this.embeddings.maxTokens;
  }

  /** A pooler of the file that this model does not have is reported as ignored. */
  protected override upgradeStateDict(state: StateEntries): void {
    if (this.poolerDense === undefined) ignoreBelow(state, 'pooler.', 'the pooler, which this model does not have');
  }
}
