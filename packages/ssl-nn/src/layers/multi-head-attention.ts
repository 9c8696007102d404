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
import { firstTokens, mergeHeads, splitHeads } from './attention-heads.js';
import { attentionBias, attentionMask, checkPositions, type AttentionPositions } from './attention-scores.js';
import { Dropout } from './dropout.js';
import type { LayerNorm } from './layer-norm.js';
import { Linear } from './linear.js';
import { createNorm, type NormKind } from './normalisation.js';
import { RelativePositionBias, type RelativePositionBiasOptions } from './relative-position-bias.js';
import type { RmsNorm } from './rms-norm.js';
import { rotateTokens } from './rotate-tokens.js';

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions {
  readonly key: RandomKey;
  readonly heads: number;
  /** One projection `qkv` (timm) or three, `query`, `key`, `value` (Hugging Face). Default true. */
  readonly fused?: boolean;
  /** Bias of the query, key and value projections. Default true. */
  readonly qkvBias?: boolean;
  /** A token attends itself and those before it only. Default false. */
  readonly causal?: boolean;
  /** Norm of each head's queries and keys, before they turn; `q_norm` and `k_norm` as in timm. Default none. */
  readonly qkNorm?: NormKind;
  /** Epsilon of the norms of `qkNorm`; default 1e-6. */
  readonly epsilon?: number;
  /** A trainable bias by offset in a window ({@link RelativePositionBias}); then every input is such a window. Default none. */
  readonly relativePositions?: Omit<RelativePositionBiasOptions, 'key'>;
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
  causal: 'optionalFlag',
  qkNorm: 'optional',
  epsilon: 'optionalNumber',
  relativePositions: 'optional',
  dropout: 'optionalNumber',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

/**
 * Multi-head self-attention: `proj(softmax(q k^T / sqrt(dim / heads) + bias + mask) v)`.
 *
 * A token that a bool or int32 mask leaves no key attends nothing: its result is that of `proj` of zeros. An additive mask
 * of -Infinity counts as -1e9, so that such a token gets the mean of all values; neither is NaN.
 * Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.2; names and weight order of `timm`'s `Attention`; `qkNorm` of
 * Henry et al. 2020, arXiv 2010.04245, as `timm`'s.
 */
export class MultiHeadAttention extends Module {
  static override readonly fieldNames = { qNorm: 'q_norm', kNorm: 'k_norm', relativePositions: '' };
  readonly qkv?: Linear;
  readonly query?: Linear;
  readonly key?: Linear;
  readonly value?: Linear;
  readonly qNorm?: LayerNorm | RmsNorm;
  readonly kNorm?: LayerNorm | RmsNorm;
  readonly relativePositions?: RelativePositionBias;
  readonly proj: Linear;
  readonly heads: number;
  readonly causal: boolean;
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
      causal = false,
      qkNorm,
      epsilon = 1e-6,
      relativePositions,
      dropout = 0,
      ...init
    } = checkOptions('MultiHeadAttention', options, multiHeadAttentionOptionNames);
    if (!Number.isSafeInteger(heads) || heads < 1 || dim % heads !== 0)
      throw new InvalidOptionError('MultiHeadAttention', 'heads', `a divisor of dim (${dim})`, heads);
    this.heads = heads;
    this.causal = causal;
    if (fused) this.qkv = new Linear(dim, 3 * dim, { ...init, key: foldIn(key, 'qkv'), bias: qkvBias });
    else {
      this.query = new Linear(dim, dim, { ...init, key: foldIn(key, 'query'), bias: qkvBias });
      this.key = new Linear(dim, dim, { ...init, key: foldIn(key, 'key'), bias: qkvBias });
      this.value = new Linear(dim, dim, { ...init, key: foldIn(key, 'value'), bias: qkvBias });
    }
    if (qkNorm !== undefined) {
      this.qNorm = createNorm('MultiHeadAttention', 'qkNorm', qkNorm, dim / heads, epsilon);
      this.kNorm = createNorm('MultiHeadAttention', 'qkNorm', qkNorm, dim / heads, epsilon);
    }
    if (relativePositions !== undefined) {
      const own = foldIn(key, 'relative-positions');
      this.relativePositions = new RelativePositionBias(heads, { ...relativePositions, key: own });
    }
    this.proj = new Linear(dim, dim, { ...init, key: foldIn(key, 'proj') });
    this.dropout = new Dropout(dropout);
  }

  /**
   * @param x `[batch, tokens, dim]`
   * @param mask which keys may be attended to: bool or int32 (1 = may), or float32, added to the scores; `[batch, tokens]`
   *   (padding), `[batch, queries, tokens]`, or rank 4, which broadcasts to `[batch, heads, queries, tokens]`
   * @param queries number of tokens, from the first on, to compute the output of; all are attended to. Default: all
   * @param positions a bias of the scores and rotary tables, for all tokens or the queries
   * @returns `[batch, queries, dim]`
   * @throws ShapeError when `x` has another rank or width, or what is given besides does not fit; InvalidOptionError when
   *   there are fewer tokens than queries
   */
  forward(
    x: tf.Tensor3D,
    ctx: ForwardContext = evaluation,
    mask?: tf.Tensor,
    queries = x.shape[1],
    positions: AttentionPositions = {},
  ): tf.Tensor3D {
    const where = 'MultiHeadAttention.forward';
    if (x.rank !== 3 || x.shape[2] !== this.dim)
      throw new ShapeError(where, 'x', `[batch, tokens, ${this.dim}]`, `[${(x as tf.Tensor).shape.join(', ')}]`);
    const [batch, tokens] = x.shape;
    const { bias, rotary } = checkPositions(where, positions);
    const [asked, keys, v] = this.project(x, firstTokens(x, queries));
    const [q, k] = [this.qNorm?.forward(asked) ?? asked, this.kNorm?.forward(keys) ?? keys];
    const turned = (heads: tf.Tensor4D): tf.Tensor4D =>
      rotary === undefined ? heads : rotateTokens(heads, rotary, tokens, where);
    const scores = [batch, this.heads, queries, tokens] as const;
    const given = bias === undefined ? undefined : attentionBias(where, bias, scores);
    const relative = this.relative(scores);
    const added = given && relative ? tf.add(given, relative) : (given ?? relative);
    const attended = scaledDotProductAttention(turned(q), turned(k), v, {
      causal: this.causal,
      ...(mask === undefined ? {} : { mask: attentionMask(where, mask, scores) }),
      ...(added === undefined ? {} : { bias: added }),
    });
    return this.dropout.forward(this.proj.forward(mergeHeads(attended)), childContext(ctx, 'proj_drop'));
  }

  /** The trainable bias of the queries; every window has as many tokens. */
  private relative([, , queries, tokens]: readonly [number, number, number, number]): tf.Tensor | undefined {
    if (this.relativePositions === undefined) return undefined;
    if (tokens !== this.relativePositions.tokens) {
      const expected = `[batch, ${this.relativePositions.tokens}, ${this.dim}], as relativePositions.grid has it`;
      throw new ShapeError('MultiHeadAttention.forward', 'x', expected, `${tokens} tokens`);
    }
    const bias = this.relativePositions.forward();
    return queries === tokens ? bias : tf.slice(bias, [0, 0, 0], [this.heads, queries, tokens]);
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
