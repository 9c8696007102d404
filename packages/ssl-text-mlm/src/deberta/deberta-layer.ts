import * as tf from '@tensorflow/tfjs-core';
import { childContext, type ForwardContext, LayerNorm, type Linear, Module } from '@selfsup/ssl-nn';
import { gelu, takeRows } from '@selfsup/ssl-tensor';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { bertDropout } from '../bert/bert-dropout.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import type { DebertaConfig } from './deberta-config.js';
import type { DebertaPass } from './deberta-pass.js';

/** Self-attention of a layer: `DebertaSelfAttention` or `DebertaV2SelfAttention`. */
export interface DisentangledSelfAttention extends Module {
  forward(x: tf.Tensor2D, pass: DebertaPass, ctx: ForwardContext, queries?: tf.Tensor2D): tf.Tensor2D;
}

/** What a call of {@link DebertaLayer} computes. */
export interface DebertaLayerCall {
  /** `[batch * tokens, hidden]`: what attends and is added to the result, in place of the layer's input. */
  readonly queries?: tf.Tensor2D | undefined;
  /** int32 `[n]`: which rows of the output to compute. Default: all. */
  readonly rows?: tf.Tensor1D | undefined;
}

/**
 * One encoder layer: disentangled self-attention and feed-forward, each with a residual and a normalisation after it.
 *
 * `h = LN(q + A(q, x))`, `y = LN(h + W2 gelu(W1 h))`, with `q = x` but in the enhanced mask decoder.
 *
 * Source: arXiv:2006.03654; names and arithmetic of transformers' `DebertaLayer` and `DebertaV2Layer`.
 */
export class DebertaLayer extends Module {
  static override readonly fieldNames = {
    selfAttention: 'attention.self',
    attentionOutput: 'attention.output.dense',
    attentionNorm: 'attention.output.LayerNorm',
    intermediate: 'intermediate.dense',
    output: 'output.dense',
    outputNorm: 'output.LayerNorm',
  };
  readonly selfAttention: DisentangledSelfAttention;
  readonly attentionOutput: Linear;
  readonly attentionNorm: LayerNorm;
  readonly intermediate: Linear;
  readonly output: Linear;
  readonly outputNorm: LayerNorm;
  private readonly config: DebertaConfig;

  constructor(config: DebertaConfig, selfAttention: DisentangledSelfAttention, key: RandomKey) {
    super();
    this.config = config;
    this.selfAttention = selfAttention;
    const { hiddenSize: dim, intermediateSize, layerNormEps: epsilon } = config;
    const linear = (name: string, from: number, to: number): Linear =>
      gaussianLinear(from, to, config, foldIn(key, name));
    this.attentionOutput = linear('attention-output', dim, dim);
    this.attentionNorm = new LayerNorm(dim, { epsilon });
    this.intermediate = linear('intermediate', dim, intermediateSize);
    this.output = linear('output', intermediateSize, dim);
    this.outputNorm = new LayerNorm(dim, { epsilon });
  }

  /**
   * @param x `[batch * tokens, hidden]`
   * @returns `[n, hidden]`; by default the shape of `x`
   */
  forward(x: tf.Tensor2D, pass: DebertaPass, ctx: ForwardContext, call: DebertaLayerCall = {}): tf.Tensor2D {
    const { queries = x, rows } = call;
    const { hiddenDropout } = this.config;
    const take = (all: tf.Tensor2D): tf.Tensor2D => (rows === undefined ? all : (takeRows(all, rows) as tf.Tensor2D));
    const mixed = this.selfAttention.forward(x, pass, childContext(ctx, 'self'), queries);
    const attended = this.attentionOutput.forward(take(mixed));
    const h = this.attentionNorm.forward(
      tf.add(take(queries), bertDropout(attended, hiddenDropout, childContext(ctx, 'attention-output'))) as tf.Tensor2D,
    );
    const fed = this.output.forward(gelu(this.intermediate.forward(h)));
    return this.outputNorm.forward(
      tf.add(h, bertDropout(fed, hiddenDropout, childContext(ctx, 'output'))) as tf.Tensor2D,
    );
  }
}
