import * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, type ForwardContext, Module } from '@selfsup/ssl-nn';
import { takeRows } from '@selfsup/ssl-tensor';
import { foldIn } from '@selfsup/ssl-tensor/host';
import { type BertConfig, type BertInputs, BertPredictionHead } from '@selfsup/ssl-text-mlm';
import { BlipTextModel, type BlipTextModelOptions } from './blip-text-model.js';

/**
 * BLIP's decoder: {@link BlipTextModel} read causally, and the scores of the next word, whose matrix is the word embedding
 * unless the configuration unties it. State names of transformers' `BlipTextLMHeadModel`.
 *
 * Source: Li et al. 2022, arXiv 2201.12086, section 3.1.
 */
export class BlipTextDecoder extends Module {
  static override readonly fieldNames = { head: 'cls.predictions' };
  readonly bert: BlipTextModel;
  readonly head: BertPredictionHead;

  /** @throws InvalidOptionError as {@link BlipTextModel} */
  constructor(config: BertConfig, options: BlipTextModelOptions) {
    super();
    this.bert = new BlipTextModel(config, options);
    const words = this.bert.embeddings.wordEmbeddings.weight;
    this.head = new BertPredictionHead(this.bert.config, words, foldIn(options.key, 'predictions'));
  }

  get config(): BertConfig {
    return this.bert.config;
  }

  /**
   * Scores of the token after each.
   *
   * @param memory tokens of the pictures, `[batch, memory, memoryDim]`
   * @param places int32 `[n]`, flat indices into `batch * tokens`: the scores of these alone. Default: all
   * @returns logits `[batch * tokens, vocabulary]`, or `[n, vocabulary]`
   * @throws ShapeError as `BlipTextModel.forward`
   */
  forward(
    inputs: BertInputs,
    memory: tf.Tensor3D,
    ctx: ForwardContext = evaluation,
    places?: tf.Tensor1D,
  ): tf.Tensor2D {
    const states = this.bert.forward(inputs, childContext(ctx, 'bert'), { memory, causal: true });
    const rows = tf.reshape(states, [-1, this.config.hiddenSize]) as tf.Tensor2D;
    return this.head.forward(places === undefined ? rows : (takeRows(rows, places) as tf.Tensor2D));
  }
}
