import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  Dropout,
  Embedding,
  evaluation,
  type ForwardContext,
  type LayerNorm,
  Module,
} from '@selfsup/ssl-nn';
import { checkOptions, checkRandomKey, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { modernBertConfigNames, type ModernBertConfig } from './modern-bert-config.js';
import { checkModernBertInputs, type ModernBertInputs } from './modern-bert-inputs.js';
import { modernBertNorm, modernBertNormal } from './modern-bert-parts.js';

/** Word embeddings, normalised; positions come in by attention. Names of transformers' `ModernBertEmbeddings`. */
export class ModernBertEmbeddings extends Module {
  static override readonly fieldNames = { tokenEmbeddings: 'tok_embeddings' };
  readonly tokenEmbeddings: Embedding;
  readonly norm: LayerNorm;
  private readonly config: ModernBertConfig;
  private readonly dropout: Dropout;

  constructor(config: ModernBertConfig, key: RandomKey) {
    super();
    checkOptions('ModernBertEmbeddings', config, modernBertConfigNames, 'config');
    checkRandomKey('ModernBertEmbeddings', 'key', key);
    this.config = config;
    this.tokenEmbeddings = new Embedding(config.vocabSize, config.hiddenSize, {
      key: foldIn(key, 'token'),
      weightInit: modernBertNormal(config, config.initializerRange),
    });
    this.norm = modernBertNorm(config);
    this.dropout = new Dropout(config.embeddingDropout);
  }

  /**
   * @returns `[batch * tokens, hidden]`
   * @throws ShapeError if an input is not `[batch, tokens]` or too long
   */
  forward(inputs: ModernBertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { batch, tokens } = checkModernBertInputs(inputs, this.config);
    const vectors = inputs.inputsEmbeds ?? this.tokenEmbeddings.forward(inputs.inputIds);
    const words = tf.reshape(vectors, [batch * tokens, this.config.hiddenSize]);
    return this.dropout.forward(this.norm.forward(words as tf.Tensor2D), childContext(ctx, 'drop'));
  }
}
