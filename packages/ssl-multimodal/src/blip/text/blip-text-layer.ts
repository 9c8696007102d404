import * as tf from '@tensorflow/tfjs-core';
import { childContext, Dropout, type ForwardContext, LayerNorm, Linear, Module, normal, zeros } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { BertConfig } from '@selfsup/ssl-text-mlm';
import { BlipAttention } from './blip-attention.js';

/** What a layer is told of a pass. */
export interface BlipPass {
  /** int32 `[batch, tokens]`, 1 = token, 0 = padding. Default: no padding. */
  readonly mask?: tf.Tensor;
  /** A token attends itself and those before it only. */
  readonly causal: boolean;
  /** Tokens of the pictures, `[batch, memory, memoryDim]`. Default: the cross-attention is passed over. */
  readonly memory?: tf.Tensor3D;
}

/**
 * A layer of the mixture of encoder and decoder: self-attention, cross-attention where there are pictures, feed-forward,
 * each with a residual and a norm after it. Names of transformers' `BlipTextLayer`.
 */
export class BlipTextLayer extends Module {
  static override readonly fieldNames = {
    crossAttention: 'crossattention',
    intermediate: 'intermediate.dense',
    output: 'output.dense',
    outputNorm: 'output.LayerNorm',
  };
  readonly attention: BlipAttention;
  readonly crossAttention: BlipAttention;
  readonly intermediate: Linear;
  readonly output: Linear;
  readonly outputNorm: LayerNorm;
  private readonly dropout: Dropout;

  /** @param shared a layer whose weights this one has too, but for those of self-attention */
  constructor(config: BertConfig, key: RandomKey, memoryDim: number, shared?: BlipTextLayer) {
    super();
    const { hiddenSize: dim, intermediateSize, layerNormEps: epsilon } = config;
    const linear = (name: string, from: number, to: number): Linear =>
      new Linear(from, to, {
        key: foldIn(key, name),
        weightInit: normal(config.initializerRange),
        biasInit: zeros,
      });
    this.attention = new BlipAttention(config, foldIn(key, 'attention'));
    this.crossAttention = shared?.crossAttention ?? new BlipAttention(config, foldIn(key, 'cross'), memoryDim);
    this.intermediate = shared?.intermediate ?? linear('intermediate', dim, intermediateSize);
    this.output = shared?.output ?? linear('output', intermediateSize, dim);
    this.outputNorm = shared?.outputNorm ?? new LayerNorm(dim, { epsilon });
    this.dropout = new Dropout(config.hiddenDropout);
  }

  /**
   * @param x `[batch, tokens, hidden]`
   * @returns the same shape
   */
  forward(x: tf.Tensor3D, ctx: ForwardContext, { mask, causal, memory }: BlipPass): tf.Tensor3D {
    const own = { causal, ...(mask === undefined ? {} : { mask }) };
    const attended = this.attention.forward(x, x, childContext(ctx, 'attention'), own);
    const seen =
      memory === undefined
        ? attended
        : this.crossAttention.forward(attended, memory, childContext(ctx, 'crossattention'));
    const fed = this.output.forward(gelu(this.intermediate.forward(seen))) as tf.Tensor3D;
    const dropped = this.dropout.forward(fed, childContext(ctx, 'output'));
    return this.outputNorm.forward(tf.add(seen, dropped) as tf.Tensor3D);
  }
}
