import * as tf from '@tensorflow/tfjs-core';
import { scaledDotProductAttention } from 'ssl-tensor';
import { foldIn, InvalidOptionError, ShapeError, type RandomKey } from 'ssl-tensor/host';
import type { Initialiser } from '../init/initialiser.js';
import { childContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { additiveMask, mergeHeads, splitHeads } from './attention-heads.js';
import { Dropout } from './dropout.js';
import { Linear } from './linear.js';

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions {
  readonly key: RandomKey;
  readonly heads: number;
  /** One projection `qkv` (timm) or three, `query`, `key`, `value` (Hugging Face). Default true. */
  readonly fused?: boolean;
  /** Bias of the query, key and value projections. Default true. */
  readonly qkvBias?: boolean;
  /** On the output; default 0. */
  readonly dropout?: number;
  /** Default PyTorch's for Linear. */
  readonly weightInit?: Initialiser;
  /** Default PyTorch's for Linear. */
  readonly biasInit?: Initialiser;
}

/**
 * Multi-head self-attention: `proj(softmax(q k^T / sqrt(dim / heads) + mask) v)`.
 *
 * Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.2; names and weight order of `timm`'s `Attention`.
 */
export class MultiHeadAttention extends Module {
  readonly qkv?: Linear;
  readonly query?: Linear;
  readonly key?: Linear;
  readonly value?: Linear;
  readonly proj: Linear;
  readonly heads: number;
  readonly #dropout: Dropout;

  constructor(
    readonly dim: number,
    { key, heads, fused = true, qkvBias = true, dropout = 0, ...init }: MultiHeadAttentionOptions,
  ) {
    super();
    if (!Number.isSafeInteger(heads) || heads < 1 || dim % heads !== 0)
      throw new InvalidOptionError('MultiHeadAttention', 'heads', `a divisor of dim (${dim})`, heads);
    this.heads = heads;
    if (fused) this.qkv = new Linear(dim, 3 * dim, { ...init, key: foldIn(key, 'qkv'), bias: qkvBias });
    else {
      this.query = new Linear(dim, dim, { ...init, key: foldIn(key, 'query'), bias: qkvBias });
      this.key = new Linear(dim, dim, { ...init, key: foldIn(key, 'key'), bias: qkvBias });
      this.value = new Linear(dim, dim, { ...init, key: foldIn(key, 'value'), bias: qkvBias });
    }
    this.proj = new Linear(dim, dim, { ...init, key: foldIn(key, 'proj') });
    this.#dropout = new Dropout(dropout);
  }

  /**
   * @param x `[batch, tokens, dim]`
   * @param mask which keys may be attended to; see {@link additiveMask}
   * @returns `[batch, tokens, dim]`
   * @throws ShapeError when `x` has another rank or width
   */
  forward(x: tf.Tensor3D, ctx: ForwardContext = evaluation, mask?: tf.Tensor): tf.Tensor3D {
    if (x.rank !== 3 || x.shape[2] !== this.dim) {
      throw new ShapeError(
        'MultiHeadAttention.forward',
        'x',
        `[batch, tokens, ${this.dim}]`,
        `[${(x as tf.Tensor).shape.join(', ')}]`,
      );
    }
    const [q, k, v] = this.#project(x);
    const attended = scaledDotProductAttention(q, k, v, mask === undefined ? {} : { mask: additiveMask(mask) });
    return this.#dropout.forward(this.proj.forward(mergeHeads(attended)), childContext(ctx, 'proj_drop'));
  }

  #project(x: tf.Tensor3D): [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D] {
    if (this.qkv === undefined) {
      const split = (linear: Linear): tf.Tensor4D => splitHeads(linear.forward(x), this.heads);
      return [split(this.query!), split(this.key!), split(this.value!)];
    }
    const [batch, tokens, dim] = x.shape;
    const grouped = tf.reshape(this.qkv.forward(x), [batch, tokens, 3, this.heads, dim / this.heads]) as tf.Tensor5D;
    const stacked = tf.reshape(tf.transpose(grouped, [2, 0, 3, 1, 4]), [
      3 * batch,
      this.heads,
      tokens,
      dim / this.heads,
    ]);
    return tf.split(stacked as tf.Tensor4D, 3, 0) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  }
}
