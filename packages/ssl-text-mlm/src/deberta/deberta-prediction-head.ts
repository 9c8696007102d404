import * as tf from '@tensorflow/tfjs-core';
import { LayerNorm, Linear, Module, normal, Parameter, zeros } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor/host';
import type { DebertaConfig } from './deberta-config.js';

/**
 * Scores of words: transform, normalise, and compare with the embedding of every word.
 *
 * Names are those of transformers' `DebertaLMPredictionHead`, which are Microsoft's.
 */
export class DebertaPredictionHead extends Module {
  static override readonly fieldNames: Readonly<Record<string, string>> = {
    norm: 'LayerNorm',
    decoderWeight: 'decoder.weight',
    tiedBias: 'decoder.bias',
  };
  readonly dense: Linear;
  readonly norm: LayerNorm;
  readonly bias: Parameter;
  /** `[vocabulary, embedding]`: the word embedding itself. */
  readonly decoderWeight: Parameter;
  /** The bias itself, under the decoder's name. */
  readonly tiedBias: Parameter;

  /** @param wordEmbedding the model's, computed with */
  constructor(config: DebertaConfig, wordEmbedding: Parameter, key: RandomKey) {
    super();
    const { hiddenSize, embeddingSize, initializerRange, layerNormEps: epsilon } = config;
    this.dense = new Linear(hiddenSize, embeddingSize, {
      key,
      weightInit: normal(initializerRange),
      biasInit: zeros,
    });
    this.norm = new LayerNorm(embeddingSize, { epsilon });
    this.bias = new Parameter(zeros([config.vocabSize], key));
    this.decoderWeight = wordEmbedding;
    this.tiedBias = this.bias;
  }

  /** `[n, hidden]` to `[n, vocabulary]`. */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const transformed = this.norm.forward(gelu(this.dense.forward(x)));
    const products = tf.matMul(transformed, this.decoderWeight.variable as tf.Tensor as tf.Tensor2D, false, true);
    return tf.add(products, this.bias.variable);
  }
}

/** As {@link DebertaPredictionHead}, under the names of transformers' `LegacyDebertaLMPredictionHead`, which are BERT's. */
export class LegacyDebertaPredictionHead extends DebertaPredictionHead {
  static override readonly fieldNames = {
    ...DebertaPredictionHead.fieldNames,
    dense: 'transform.dense',
    norm: 'transform.LayerNorm',
  };
}
