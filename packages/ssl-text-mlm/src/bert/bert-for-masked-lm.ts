import * as tf from '@tensorflow/tfjs-core';
import {
  evaluation,
  LayerNorm,
  Module,
  Parameter,
  zeros,
  type ForwardContext,
  type Linear,
  type LoadStateOptions,
  type LoadStateResult,
} from 'ssl-nn';
import { gelu } from 'ssl-tensor';
import { foldIn, type NdArray, type RandomKey } from 'ssl-tensor/host';
import type { BertConfig } from './bert-config.js';
import type { BertInputs } from './bert-inputs.js';
import { bertLinear } from './bert-layer.js';
import { BertModel } from './bert-model.js';
import { fromOtherBertNames } from './other-bert-names.js';

/** Transform, normalise, and compare with every word embedding. */
class BertPredictionHead extends Module {
  static override readonly fieldNames = {
    dense: 'transform.dense',
    norm: 'transform.LayerNorm',
    tiedWeight: 'decoder.weight',
    tiedBias: 'decoder.bias',
  };
  readonly dense: Linear;
  readonly norm: LayerNorm;
  readonly bias: Parameter;
  /** The word embedding itself. */
  readonly tiedWeight: Parameter;
  /** The bias itself, under the decoder's name. */
  readonly tiedBias: Parameter;

  constructor(config: BertConfig, wordEmbedding: Parameter, key: RandomKey) {
    super();
    this.dense = bertLinear(config.hiddenSize, config.hiddenSize, config, key);
    this.norm = new LayerNorm(config.hiddenSize, { epsilon: config.layerNormEps });
    this.bias = new Parameter(zeros([config.vocabSize], key));
    this.tiedWeight = wordEmbedding;
    this.tiedBias = this.bias;
  }

  /** `[n, hidden]` to `[n, vocabulary]`. */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const transformed = this.norm.forward(gelu(this.dense.forward(x)));
    const products = tf.matMul(transformed, this.tiedWeight.variable as tf.Tensor as tf.Tensor2D, false, true);
    return tf.add(products, this.bias.variable);
  }
}

/**
 * BERT with the masked-language-modelling head, whose output matrix is the word embedding.
 *
 * State names are those of Hugging Face's `BertForMaskedLM`; as there, a saved file holds the tied tensors once.
 */
export class BertForMaskedLM extends Module {
  static override readonly fieldNames = { head: 'cls.predictions' };
  readonly bert: BertModel;
  readonly head: BertPredictionHead;

  /** @param options `key`: source of the initial weights */
  constructor(config: BertConfig, options: { readonly key: RandomKey }) {
    super();
    this.bert = new BertModel(config, { key: foldIn(options.key, 'bert') });
    this.head = new BertPredictionHead(
      config,
      this.bert.embeddings.wordEmbeddings.weight,
      foldIn(options.key, 'predictions'),
    );
  }

  get config(): BertConfig {
    return this.bert.config;
  }

  /**
   * Scores of all words at some positions. The head is the dearest part of a small BERT, so give the positions.
   *
   * @param positions int32 `[n]`, flat indices into `batch * tokens`. Default: all
   * @returns logits `[n, vocabulary]`
   */
  forward(inputs: BertInputs, positions?: tf.Tensor, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.head.forward(this.bert.forwardFlat(inputs, ctx, positions as tf.Tensor1D | undefined));
  }

  /** Also reads files with a pooler, a next-sentence head or older names, which are left out. */
  override loadStateDict(state: ReadonlyMap<string, NdArray>, options: LoadStateOptions = {}): LoadStateResult {
    return super.loadStateDict(fromOtherBertNames(state, ['bert.pooler.']), options);
  }
}
