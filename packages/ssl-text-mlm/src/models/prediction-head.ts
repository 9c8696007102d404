import * as tf from '@tensorflow/tfjs-core';
import { LayerNorm, type Linear, Module, normal, Parameter, zeros } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { gaussianLinear } from './post-norm-layer.js';

/** Sizes of a {@link PredictionHead}. */
export interface PredictionHeadConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layerNormEps: number;
  readonly initializerRange: number;
  readonly tieWordEmbeddings: boolean;
}

/**
 * Scores of words: transform, normalise, and compare with the vector of every word. Families differ in the names of the
 * state alone, which subclasses give by `fieldNames`.
 */
export abstract class PredictionHead extends Module {
  readonly dense: Linear;
  readonly norm: LayerNorm;
  readonly bias: Parameter;
  /** `[vocabulary, width]`: the word embedding itself, unless the configuration unties them. */
  readonly decoderWeight: Parameter;

  /** @param wordEmbedding the model's, `[vocabulary, width]`; computed with unless the configuration unties them */
  constructor(config: PredictionHeadConfig, wordEmbedding: Parameter, key: RandomKey) {
    super();
    const width = wordEmbedding.variable.shape[1]!;
    this.dense = gaussianLinear(config.hiddenSize, width, config, key);
    this.norm = new LayerNorm(width, { epsilon: config.layerNormEps });
    this.bias = new Parameter(zeros([config.vocabSize], key));
    this.decoderWeight = config.tieWordEmbeddings
      ? wordEmbedding
      : new Parameter(normal(config.initializerRange)([config.vocabSize, width], foldIn(key, 'decoder')));
  }

  /** `[n, hidden]` to `[n, vocabulary]`. */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const transformed = this.norm.forward(gelu(this.dense.forward(x)));
    const products = tf.matMul(transformed, this.decoderWeight.variable as tf.Tensor as tf.Tensor2D, false, true);
    return tf.add(products, this.bias.variable);
  }
}
