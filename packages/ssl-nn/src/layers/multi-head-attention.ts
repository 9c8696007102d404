import * as tf from '@tensorflow/tfjs-core';
import { scaledDotProductAttention } from '@selfsup/ssl-tensor';
import {
  checkOptions,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import type { Initialiser } from '../init/initialiser.js';
import { childContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { additiveMask, firstTokens, mergeHeads, splitHeads } from './attention-heads.js';
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

const multiHeadAttentionOptionNames: OptionNames<MultiHeadAttentionOptions> = {
  key: 'requiredKey',
  heads: 'requiredNumber',
  fused: 'optionalFlag',
  qkvBias: 'optionalFlag',
  dropout: 'optionalNumber',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

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
  private readonly dropout: Dropout;

  constructor(
    readonly dim: number,
    options: MultiHeadAttentionOptions,
  ) {
    super();
    const {
      key,
      heads,
      fused = true,
      qkvBias = true,
      dropout = 0,
      ...init
    } = checkOptions('MultiHeadAttention', options, multiHeadAttentionOptionNames);
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
    this.dropout = new Dropout(dropout);
  }

  /**
   * @param x `[batch, tokens, dim]`
   * @param mask which keys may be attended to; see {@link additiveMask}
   * @param queries number of tokens, from the first on, to compute the output of; all are attended to. Default: all
   * @returns `[batch, queries, dim]`
   * @throws ShapeError when `x` has another rank or width; InvalidOptionError when there are fewer tokens than queries
   */
  forward(x: tf.Tensor3D, ctx: ForwardContext = evaluation, mask?: tf.Tensor, queries = x.shape[1]): tf.Tensor3D {
    if (x.rank !== 3 || x.shape[2] !== this.dim) {
      throw new ShapeError(
        'MultiHeadAttention.forward',
        'x',
        `[batch, tokens, ${this.dim}]`,
        `[${(x as tf.Tensor).shape.join(', ')}]`,
      );
    }
    const [q, k, v] = this.project(x, firstTokens(x, queries));
    const attended = scaledDotProductAttention(q, k, v, mask === undefined ? {} : { mask: additiveMask(mask) });
    return this.dropout.forward(this.proj.forward(mergeHeads(attended)), childContext(ctx, 'proj_drop'));
  }

  private project(x: tf.Tensor3D, asking: tf.Tensor3D): [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D] {
    if (this.qkv === undefined) {
      const split = (linear: Linear, from: tf.Tensor3D): tf.Tensor4D => splitHeads(linear.forward(from), this.heads);
      return [split(this.query!, asking), split(this.key!, x), split(this.value!, x)];
    }
    // Three products with a third of the weights each: queries may be of fewer tokens, and no product has to be cut.
    const weights = tf.split(this.qkv.weight.variable as tf.Tensor as tf.Tensor2D, 3, 1);
    const biases = this.qkv.bias && tf.split(this.qkv.bias.variable as tf.Tensor as tf.Tensor1D, 3);
    const project = (from: tf.Tensor3D, part: number): tf.Tensor4D => {
      const product = tf.matMul(tf.reshape(from, [-1, this.dim]), weights[part]!);
      const y = biases === undefined ? product : tf.add(product, biases[part]!);
      return splitHeads(tf.reshape(y, from.shape), this.heads);
    };
    return [project(asking, 0), project(x, 1), project(x, 2)];
  }
}
