import type { ForwardContext, Linear } from '@selfsup/ssl-nn';
import { checkOptions, foldIn, InvalidOptionError, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import type * as tf from '@tensorflow/tfjs-core';
import { BertEmbeddings } from '../bert/bert-embeddings.js';
import type { BertInputs } from '../bert/bert-inputs.js';
import { BertLayer } from '../bert/bert-layer.js';
import { PostNormEncoder } from '../models/post-norm-encoder.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import { type ElectraConfig, electraConfigNames } from './electra-config.js';

/** Options of {@link ElectraModel}. */
export interface ElectraModelOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  /** Embeddings of another model that are this one's too, such as the generator's. Default: its own. */
  readonly embeddings?: BertEmbeddings;
}

/** Names of {@link ElectraModelOptions}. */
export const electraModelOptionNames: OptionNames<ElectraModelOptions> = { key: 'requiredKey', embeddings: 'optional' };

/**
 * ELECTRA encoder, of generators and discriminators: BERT's, with embeddings of a width of their own.
 *
 * State names and shapes are those of Hugging Face's `ElectraModel`. Source: Clark et al. 2020, arXiv:2003.10555.
 */
export class ElectraModel extends PostNormEncoder {
  static override readonly fieldNames = { projection: 'embeddings_project', layers: 'encoder.layer' };
  override readonly baseName = 'electra';
  override readonly config: ElectraConfig;
  override readonly embeddings: BertEmbeddings;
  /** From the embeddings' width to the layers', where these differ. */
  readonly projection?: Linear;
  override readonly layers: readonly BertLayer[];

  /** @throws InvalidOptionError for a configuration or options that are out of range, and for embeddings of other sizes */
  constructor(config: ElectraConfig, options: ElectraModelOptions) {
    super();
    checkOptions('ElectraModel', config, electraConfigNames, 'config');
    const { key, embeddings } = checkOptions('ElectraModel', options, electraModelOptionNames);
    const { embeddingSize, ...sizes } = config;
    this.config = config;
    if (embeddings !== undefined) checkShared(embeddings, config);
    this.embeddings = embeddings ?? new BertEmbeddings(sizes, foldIn(key, 'embeddings'), { width: embeddingSize });
    if (embeddingSize !== config.hiddenSize)
      this.projection = gaussianLinear(embeddingSize, config.hiddenSize, config, foldIn(key, 'projection'));
    this.layers = Array.from(
      { length: config.numHiddenLayers },
      (_, index) => new BertLayer(sizes, foldIn(foldIn(key, 'layer'), index)),
    );
  }

  protected override embed(inputs: BertInputs, ctx: ForwardContext): tf.Tensor2D {
    const embedded = this.embeddings.forward(inputs, ctx);
    return this.projection?.forward(embedded) ?? embedded;
  }
}

function checkShared(embeddings: BertEmbeddings, config: ElectraConfig): void {
  const where = 'ElectraModel';
  if (!(embeddings instanceof BertEmbeddings)) {
    const advice = 'Such as the electra.embeddings of an ElectraForMaskedLM';
    throw new InvalidOptionError(where, 'embeddings', 'BertEmbeddings', embeddings, advice);
  }
  const { vocabSize, embeddingSize, maxPositionEmbeddings, typeVocabSize } = config;
  const { wordEmbeddings: words, positionEmbeddings: places, tokenTypeEmbeddings: types } = embeddings;
  const wanted = [vocabSize, embeddingSize, maxPositionEmbeddings, typeVocabSize].join(', ');
  const given = [words.count, words.dim, places.count, types?.count].join(', ');
  if (wanted !== given)
    throw new InvalidOptionError(
      where,
      'embeddings',
      `embeddings with the configuration's vocabSize, embeddingSize, maxPositionEmbeddings and typeVocabSize (${wanted})`,
      given,
    );
}
