import * as tf from '@tensorflow/tfjs-core';
import {
  CrossAttention,
  type CrossAttentionCall,
  type ForwardContext,
  LayerNorm,
  normal,
  zeros,
} from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor/host';
import type { BertConfig } from '@selfsup/ssl-text-mlm';

/** Attention with its residual and the norm after it: `LN(x + A(x, memory))`. Names of transformers' `BlipTextAttention`. */
export class BlipAttention extends CrossAttention {
  static override readonly fieldNames = {
    query: 'self.query',
    key: 'self.key',
    value: 'self.value',
    proj: 'output.dense',
    norm: 'output.LayerNorm',
  };
  readonly norm: LayerNorm;

  constructor(config: BertConfig, key: RandomKey, memoryDim: number = config.hiddenSize) {
    super(config.hiddenSize, {
      key,
      heads: config.numAttentionHeads,
      memoryDim,
      dropout: config.hiddenDropout,
      attentionDropout: config.attentionDropout,
      weightInit: normal(config.initializerRange),
      biasInit: zeros,
    });
    this.norm = new LayerNorm(config.hiddenSize, { epsilon: config.layerNormEps });
  }

  override forward(x: tf.Tensor3D, memory: tf.Tensor3D, ctx?: ForwardContext, call?: CrossAttentionCall): tf.Tensor3D {
    return this.norm.forward(tf.add(x, super.forward(x, memory, ctx, call)) as tf.Tensor3D);
  }
}
