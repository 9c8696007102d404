import * as tf from '@tensorflow/tfjs-core';
import { childContext, type ForwardContext, LayerNorm, type Linear, Module, type StateEntries } from '@selfsup/ssl-nn';
import { checkCount, checkOptions, checkRandomKey, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { type BertConfig, bertConfigNames } from '../bert/bert-config.js';
import { bertDropout } from '../bert/bert-dropout.js';
import { gaussianLinear } from '../models/post-norm-layer.js';

/**
 * Cross-attention of tokens to one vector, with residual and norm: `LN(x + W_o W_v v)`. The softmax over one key is 1, so
 * queries and keys change nothing and are left out; dropout is that of the output alone, not of the weight 1. Names of
 * `crossattention` in transformers' `BertLayer`, whose other tensors are passed over.
 */
export class VectorAttention extends Module {
  static override readonly fieldNames = { value: 'self.value', output: 'output.dense', norm: 'output.LayerNorm' };
  readonly value: Linear;
  readonly output: Linear;
  readonly norm: LayerNorm;
  private readonly config: BertConfig;

  /** @param vectorDim width of the vector */
  constructor(config: BertConfig, vectorDim: number, key: RandomKey) {
    super();
    const where = 'VectorAttention';
    checkOptions(where, config, bertConfigNames, 'config');
    checkCount(where, { vectorDim });
    checkRandomKey(where, 'key', key);
    this.config = config;
    this.value = gaussianLinear(vectorDim, config.hiddenSize, config, foldIn(key, 'value'));
    this.output = gaussianLinear(config.hiddenSize, config.hiddenSize, config, foldIn(key, 'output'));
    this.norm = new LayerNorm(config.hiddenSize, { epsilon: config.layerNormEps });
  }

  /**
   * @param x `[batch * tokens, hidden]`
   * @param vectors `[batch, vectorDim]`
   * @returns the shape of `x`
   */
  forward(x: tf.Tensor2D, vectors: tf.Tensor2D, ctx: ForwardContext): tf.Tensor2D {
    const [batch, dim] = [vectors.shape[0], this.config.hiddenSize];
    const tokens = x.shape[0] / batch;
    const read = tf.reshape(this.output.forward(this.value.forward(vectors)), [batch, 1, dim]);
    const all = tf.reshape(tf.tile(read, [1, tokens, 1]), x.shape) as tf.Tensor2D;
    const dropped = bertDropout(all, this.config.hiddenDropout, childContext(ctx, 'output'));
    return this.norm.forward(tf.add(x, dropped) as tf.Tensor2D);
  }

  /** Queries and keys of a file are reported as ignored. */
  protected override upgradeStateDict(state: StateEntries): void {
    for (const name of ['query', 'key'])
      for (const part of ['weight', 'bias'])
        state.ignore(`self.${name}.${part}`, 'attention to one vector has the weight 1, whatever it asks');
  }
}
