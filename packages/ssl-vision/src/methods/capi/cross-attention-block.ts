import * as tf from '@tensorflow/tfjs-core';
import { CrossAttention, Mlp, Module, RmsNorm, xavierUniform, zeros } from '@selfsup/ssl-nn';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';

/** Options of {@link CrossAttentionBlock}. */
export interface CrossAttentionBlockOptions {
  readonly key: RandomKey;
  readonly heads: number;
  /** Width of what is attended to. */
  readonly contextDim: number;
}

const crossAttentionBlockOptionNames: OptionNames<CrossAttentionBlockOptions> = {
  key: 'requiredKey',
  heads: 'requiredNumber',
  contextDim: 'requiredNumber',
};

/**
 * A transformer block whose tokens look at a context and not at each other: `x + attn(norm1(x), context)`, then
 * `x + mlp(norm2(x))`, with root mean square norms and without biases but the one after the attention.
 *
 * Source: Darcet et al. 2025 (CAPI, arXiv 2502.08769), section 3; `Block` of facebookresearch/capi with a context.
 */
export class CrossAttentionBlock extends Module {
  readonly norm1: RmsNorm;
  readonly attn: CrossAttention;
  readonly norm2: RmsNorm;
  readonly mlp: Mlp;

  /** @throws InvalidOptionError unless `heads` divides the width */
  constructor(
    readonly dim: number,
    options: CrossAttentionBlockOptions,
  ) {
    super();
    const { key, heads, contextDim } = checkOptions('CrossAttentionBlock', options, crossAttentionBlockOptionNames);
    const init = { weightInit: xavierUniform(), biasInit: zeros };
    const attention = { heads, memoryDim: contextDim, qkvBias: false, key: foldIn(key, 'attn') };
    this.norm1 = new RmsNorm(dim, { epsilon: 1e-5 });
    this.attn = new CrossAttention(dim, { ...init, ...attention });
    this.norm2 = new RmsNorm(dim, { epsilon: 1e-5 });
    this.mlp = new Mlp(dim, 4 * dim, { ...init, bias: false, key: foldIn(key, 'mlp') });
  }

  /**
   * @param x `[batch, tokens, dim]`
   * @param context `[batch, seen, contextDim]`
   * @returns `[batch, tokens, dim]`
   */
  forward(x: tf.Tensor3D, context: tf.Tensor3D): tf.Tensor3D {
    const seen = tf.add(x, this.attn.forward(this.norm1.forward(x), context)) as tf.Tensor3D;
    return tf.add(seen, this.mlp.forward(this.norm2.forward(seen))) as tf.Tensor3D;
  }
}
