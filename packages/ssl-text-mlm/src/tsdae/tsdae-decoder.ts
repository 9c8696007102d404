import * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, type ForwardContext, Module } from '@selfsup/ssl-nn';
import {
  checkCount,
  checkOptions,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { type BertConfig, bertConfig } from '../bert/bert-config.js';
import { BertEmbeddings } from '../bert/bert-embeddings.js';
import type { BertInputs } from '../bert/bert-inputs.js';
import { BertLayer } from '../bert/bert-layer.js';
import { BertModel } from '../bert/bert-model.js';
import { BertPredictionHead } from '../bert/bert-prediction-head.js';
import { checkOneTextEach } from '../bert/check-one-text-each.js';
import { VectorAttention } from './vector-attention.js';

/** Added to the scores of what a token may not see: its weight becomes exactly 0 in float32. */
const hiddenScore = -1e9;

/** Options of {@link TsdaeDecoder}. */
export interface TsdaeDecoderOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  /** Width of the vector that it reads. Default: the model's. */
  readonly vectorDim?: number;
  /** An encoder of the same configuration, whose embeddings and layers are its own too. Default: none. */
  readonly tied?: BertModel;
}

const tsdaeDecoderOptionNames: OptionNames<TsdaeDecoderOptions> = {
  key: 'requiredKey',
  vectorDim: 'optionalNumber',
  tied: 'optional',
};

/** A layer and the attention to the vector beside it. */
class TsdaeDecoderLayer extends Module {
  static override readonly fieldNames = { layer: '', crossAttention: 'crossattention' };
  constructor(
    readonly layer: BertLayer,
    readonly crossAttention: VectorAttention,
  ) {
    super();
  }
}

/**
 * A BERT that reads a text causally and a vector beside it, and tells the next token of each. State names of
 * transformers' `BertLMHeadModel` with `is_decoder` and `add_cross_attention`.
 */
export class TsdaeDecoder extends Module {
  static override readonly fieldNames = {
    embeddings: 'bert.embeddings',
    layers: 'bert.encoder.layer',
    head: 'cls.predictions',
  };
  readonly config: BertConfig;
  readonly embeddings: BertEmbeddings;
  readonly layers: readonly TsdaeDecoderLayer[];
  readonly head: BertPredictionHead;

  /** @throws InvalidOptionError for options, and an encoder of another configuration */
  constructor(config: BertConfig, options: TsdaeDecoderOptions) {
    super();
    const where = 'TsdaeDecoder';
    const { key, tied, vectorDim = config?.hiddenSize } = checkOptions(where, options, tsdaeDecoderOptionNames);
    this.config = bertConfig(config);
    checkCount(where, { vectorDim });
    if (tied !== undefined && !(tied instanceof BertModel && sameSizes(tied.config, this.config)))
      throw new InvalidOptionError(where, 'tied', 'a BertModel of the same configuration', tied);
    this.embeddings = tied?.embeddings ?? new BertEmbeddings(this.config, foldIn(key, 'embeddings'));
    this.layers = Array.from({ length: this.config.numHiddenLayers }, (_, at) => {
      const own = foldIn(foldIn(key, 'layer'), at);
      const layer = tied?.layers[at] ?? new BertLayer(this.config, own);
      return new TsdaeDecoderLayer(layer, new VectorAttention(this.config, vectorDim, foldIn(own, 'cross')));
    });
    this.head = new BertPredictionHead(this.config, this.embeddings.wordEmbeddings.weight, foldIn(key, 'predictions'));
  }

  /**
   * @param vectors `[batch, vectorDim]`
   * @param inputs `[batch, tokens]`, padded on the right: what stands there sees the padding, and nothing before it does
   * @returns logits of the token after each, `[batch * tokens, vocabulary]`
   * @throws ShapeError where the inputs or vectors do not fit; InvalidOptionError for packed rows
   */
  forward(inputs: BertInputs, vectors: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    checkOneTextEach('TsdaeDecoder.forward', inputs);
    let x = this.embeddings.forward(inputs, childContext(ctx, 'embeddings'));
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    if (vectors.rank !== 2 || vectors.shape[0] !== batch)
      throw new ShapeError('TsdaeDecoder.forward', 'vectors', `[${batch}, dim]`, `[${vectors.shape.join(', ')}]`);
    const places = tf.range(0, tokens, 1, 'int32');
    const later = tf.greater(tf.reshape(places, [1, tokens]), tf.reshape(places, [tokens, 1]));
    const mask = tf.reshape(tf.mul(tf.cast(later, 'float32'), hiddenScore), [1, 1, tokens, tokens]);
    this.layers.forEach(({ layer, crossAttention }, at) => {
      const own = childContext(ctx, at);
      x = layer.forward(x, batch, mask, own, undefined, (h) =>
        crossAttention.forward(h, vectors, childContext(own, 'crossattention')),
      );
    });
    return this.head.forward(x);
  }
}

const sameSizes = (first: BertConfig, second: BertConfig): boolean =>
  (['vocabSize', 'hiddenSize', 'numHiddenLayers', 'intermediateSize', 'maxPositionEmbeddings'] as const).every(
    (name) => first[name] === second[name],
  );
