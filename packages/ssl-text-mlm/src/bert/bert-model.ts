import type { Linear, StateEntries } from '@selfsup/ssl-nn';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import { PostNormEncoder } from '../models/post-norm-encoder.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import type { TextTokenOptions } from '../models/text-model.js';
import { type BertConfig, bertConfigNames } from './bert-config.js';
import { BertEmbeddings } from './bert-embeddings.js';
import { BertLayer } from './bert-layer.js';
import { ignoreBelow, ignoreNextSentence } from './other-bert-names.js';

/** Options of {@link BertModel}. */
export interface BertModelOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  /** With the `[CLS]` pooler. Default false. */
  readonly pooler?: boolean;
}

/** Names of {@link BertModelOptions}. */
export const bertModelOptionNames: OptionNames<BertModelOptions> = {
  key: 'requiredKey',
  pooler: 'optionalFlag',
};

/** Options of {@link BertModel.encode}: texts are masked and shortened by their ids. */
export type BertTokenOptions = TextTokenOptions;

/**
 * BERT encoder: post-norm transformer with exact GELU.
 *
 * State names and shapes are those of Hugging Face's `BertModel`, so its safetensors files load here and ours there.
 * Source: Devlin et al. 2018, arXiv:1810.04805.
 */
export class BertModel extends PostNormEncoder {
  static override readonly fieldNames = { layers: 'encoder.layer', poolerDense: 'pooler.dense' };
  override readonly baseName = 'bert';
  override readonly config: BertConfig;
  override readonly embeddings: BertEmbeddings;
  override readonly layers: readonly BertLayer[];
  readonly poolerDense?: Linear;

  constructor(config: BertConfig, options: BertModelOptions) {
    super();
    checkOptions('BertModel', options, bertModelOptionNames);
    checkOptions('BertModel', config, bertConfigNames, 'config');
    const { key, pooler = false } = options;
    this.config = config;
    this.embeddings = new BertEmbeddings(config, foldIn(key, 'embeddings'));
    this.layers = Array.from(
      { length: config.numHiddenLayers },
      (_, index) => new BertLayer(config, foldIn(foldIn(key, 'layer'), index)),
    );
    if (pooler) this.poolerDense = gaussianLinear(config.hiddenSize, config.hiddenSize, config, foldIn(key, 'pooler'));
  }

  /** A pooler of the file that this model does not have, or a next-sentence head, is reported as ignored. */
  protected override upgradeStateDict(state: StateEntries): void {
    if (this.poolerDense === undefined) ignoreBelow(state, 'pooler.', 'the pooler, which this model does not have');
    ignoreNextSentence(state);
  }
}
