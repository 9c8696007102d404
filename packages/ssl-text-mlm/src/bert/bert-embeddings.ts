import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  Embedding,
  evaluation,
  LayerNorm,
  Module,
  normal,
  type ForwardContext,
  type Initialiser,
  type StateEntries,
} from '@selfsup/ssl-nn';
import { checkOptions, checkRandomKey, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { bertConfigNames, type BertConfig } from './bert-config.js';
import { checkBertInputs, type BertInputs } from './bert-inputs.js';
import { bertDropout } from './bert-dropout.js';
import { readTensorFlowNorms } from './other-bert-names.js';

/** Sum of word, position and segment embeddings, normalised. State names are those of Hugging Face's `BertEmbeddings`. */
export class BertEmbeddings extends Module {
  static override readonly fieldNames = {
    wordEmbeddings: 'word_embeddings',
    positionEmbeddings: 'position_embeddings',
    tokenTypeEmbeddings: 'token_type_embeddings',
    norm: 'LayerNorm',
  };
  readonly wordEmbeddings: Embedding;
  readonly positionEmbeddings: Embedding;
  readonly tokenTypeEmbeddings: Embedding;
  readonly norm: LayerNorm;
  private readonly config: BertConfig;

  constructor(config: BertConfig, key: RandomKey) {
    super();
    checkOptions('BertEmbeddings', config, bertConfigNames, 'config');
    checkRandomKey('BertEmbeddings', 'key', key);
    this.config = config;
    const weightInit = normal(config.initializerRange);
    this.wordEmbeddings = new Embedding(config.vocabSize, config.hiddenSize, {
      key: foldIn(key, 'word'),
      weightInit: paddingZero(weightInit, config.padTokenId),
    });
    this.positionEmbeddings = new Embedding(config.maxPositionEmbeddings, config.hiddenSize, {
      key: foldIn(key, 'position'),
      weightInit,
    });
    this.tokenTypeEmbeddings = new Embedding(config.typeVocabSize, config.hiddenSize, {
      key: foldIn(key, 'token-type'),
      weightInit,
    });
    this.norm = new LayerNorm(config.hiddenSize, { epsilon: config.layerNormEps });
  }

  /** @returns `[batch * tokens, hidden]` */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { batch, tokens } = checkBertInputs(inputs, this.config);
    const { hiddenSize: dim } = this.config;
    const words = this.wordEmbeddings.forward(inputs.inputIds);
    const positions =
      inputs.positionIds === undefined
        ? tf.slice(this.positionEmbeddings.weight.variable, [0, 0], [tokens, dim])
        : this.positionEmbeddings.forward(inputs.positionIds);
    const types =
      inputs.tokenTypeIds === undefined
        ? tf.slice(this.tokenTypeEmbeddings.weight.variable, [0, 0], [1, dim])
        : this.tokenTypeEmbeddings.forward(inputs.tokenTypeIds);
    // The two small ones first: with one segment only a [tokens, hidden] sum is broadcast over the batch.
    const sum = tf.reshape(tf.add(words, tf.add(positions, types)), [batch * tokens, dim]) as tf.Tensor2D;
    return bertDropout(this.norm.forward(sum), this.config.hiddenDropout, childContext(ctx, 'dropout'));
  }

  /** Reads the names of TensorFlow too, and leaves out buffers that older versions of transformers save. */
  protected override upgradeStateDict(state: StateEntries): void {
    readTensorFlowNorms(state);
    state.ignore('position_ids', 'positions are counted from 0, as transformers does');
    state.ignore('token_type_ids', 'segments are an input, 0 by default, as in transformers');
  }
}

/** The row of `[PAD]` starts at zero, as in the reference. */
function paddingZero(initialiser: Initialiser, row: number | null): Initialiser {
  if (row === null) return initialiser;
  return (shape, key) => {
    const initial = initialiser(shape, key);
    initial.data.fill(0, row * shape[1]!, (row + 1) * shape[1]!);
    return initial;
  };
}
