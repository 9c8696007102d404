import * as tf from '@tensorflow/tfjs-core';
import { LayerNorm, type Linear, Module, normal, Parameter, type StateEntries, zeros } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import { checkOptions, checkRandomKey, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { type BertConfig, bertConfigNames } from './bert-config.js';
import { bertLinear } from './bert-layer.js';
import { readTensorFlowNorms } from './other-bert-names.js';

/** Scores of words: transform, normalise, and compare with the vector of every word. Names as Hugging Face's `BertLMPredictionHead`. */
export class BertPredictionHead extends Module {
  static override readonly fieldNames = {
    dense: 'transform.dense',
    norm: 'transform.LayerNorm',
    decoderWeight: 'decoder.weight',
    tiedBias: 'decoder.bias',
  };
  readonly dense: Linear;
  readonly norm: LayerNorm;
  readonly bias: Parameter;
  /** `[vocabulary, hidden]`: the word embedding itself, unless the configuration unties them. */
  readonly decoderWeight: Parameter;
  /** The bias itself, under the decoder's name. */
  readonly tiedBias: Parameter;

  /** @param wordEmbedding the model's; computed with unless the configuration unties them */
  constructor(config: BertConfig, wordEmbedding: Parameter, key: RandomKey) {
    super();
    checkOptions('BertPredictionHead', config, bertConfigNames, 'config');
    checkRandomKey('BertPredictionHead', 'key', key);
    this.dense = bertLinear(config.hiddenSize, config.hiddenSize, config, key);
    this.norm = new LayerNorm(config.hiddenSize, { epsilon: config.layerNormEps });
    this.bias = new Parameter(zeros([config.vocabSize], key));
    this.decoderWeight = config.tieWordEmbeddings
      ? wordEmbedding
      : new Parameter(normal(config.initializerRange)([config.vocabSize, config.hiddenSize], foldIn(key, 'decoder')));
    this.tiedBias = this.bias;
  }

  /** `[n, hidden]` to `[n, vocabulary]`. */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const transformed = this.norm.forward(gelu(this.dense.forward(x)));
    const products = tf.matMul(transformed, this.decoderWeight.variable as tf.Tensor as tf.Tensor2D, false, true);
    return tf.add(products, this.bias.variable);
  }

  /** Reads the names of TensorFlow too. */
  protected override upgradeStateDict(state: StateEntries): void {
    readTensorFlowNorms(state);
  }
}
