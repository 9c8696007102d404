import { checkOptions, foldIn } from '@selfsup/ssl-tensor/host';
import { BertEmbeddings } from '../bert/bert-embeddings.js';
import { type MaskedLmOptions, maskedLmOptionNames } from '../models/encoder-for-masked-lm.js';
import { PostNormEncoder } from '../models/post-norm-encoder.js';
import { asBertConfig, type DistilBertConfig, distilBertConfigNames } from './distilbert-config.js';
import { DistilBertLayer } from './distilbert-layer.js';

/**
 * DistilBERT encoder: half of BERT's layers, no segments and no pooler.
 *
 * State names and shapes are those of Hugging Face's `DistilBertModel`. Source: Sanh et al. 2019, arXiv:1910.01108.
 */
export class DistilBertModel extends PostNormEncoder {
  static override readonly fieldNames = { layers: 'transformer.layer' };
  override readonly baseName = 'distilbert';
  override readonly config: DistilBertConfig;
  override readonly embeddings: BertEmbeddings;
  override readonly layers: readonly DistilBertLayer[];

  /** @throws InvalidOptionError for a configuration or options that are out of range */
  constructor(config: DistilBertConfig, options: MaskedLmOptions) {
    super();
    checkOptions('DistilBertModel', config, distilBertConfigNames, 'config');
    const { key } = checkOptions('DistilBertModel', options, maskedLmOptionNames);
    this.config = config;
    const sizes = asBertConfig(config);
    this.embeddings = new BertEmbeddings(sizes, foldIn(key, 'embeddings'), { segments: false });
    this.layers = Array.from(
      { length: config.numHiddenLayers },
      (_, index) => new DistilBertLayer(sizes, foldIn(foldIn(key, 'layer'), index)),
    );
  }
}
