import type * as tf from '@tensorflow/tfjs-core';
import { scaledDotProductAttention } from '@selfsup/ssl-tensor';
import {
  checkCount,
  checkOptions,
  checkRate,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import type { Initialiser } from '../init/initialiser.js';
import { childContext, drawKey, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { mergeHeads, splitHeads } from './attention-heads.js';
import { attentionMask } from './attention-scores.js';
import { Dropout } from './dropout.js';
import { Linear } from './linear.js';

/** Options of {@link CrossAttention}. */
export interface CrossAttentionOptions {
  readonly key: RandomKey;
  readonly heads: number;
  /** Width of the tokens that are attended to. Default: that of those that ask. */
  readonly memoryDim?: number;
  /** Bias of the query, key and value projections. Default true. */
  readonly qkvBias?: boolean;
  /** On the output; default 0. */
  readonly dropout?: number;
  /** On the weights of the attention; default 0. */
  readonly attentionDropout?: number;
  /** Default PyTorch's for Linear. */
  readonly weightInit?: Initialiser;
  /** Default PyTorch's for Linear. */
  readonly biasInit?: Initialiser;
}

const crossAttentionOptionNames: OptionNames<CrossAttentionOptions> = {
  key: 'requiredKey',
  heads: 'requiredNumber',
  memoryDim: 'optionalNumber',
  qkvBias: 'optionalFlag',
  dropout: 'optionalNumber',
  attentionDropout: 'optionalNumber',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

/** What {@link CrossAttention} is told at a call. */
export interface CrossAttentionCall {
  /**
   * Which of the memory may be attended to: bool or int32 (1 = may), or float32, added to the scores; `[batch, memory]`
   * (padding), `[batch, queries, memory]`, or rank 4, which broadcasts to `[batch, heads, queries, memory]`.
   */
  readonly mask?: tf.Tensor;
  /** Token `i` attends the memory's tokens 0 to `i` only: for a memory that is `x` itself. Default false. */
  readonly causal?: boolean;
}

const crossAttentionCallNames: OptionNames<CrossAttentionCall> = { mask: 'optional', causal: 'optionalFlag' };

/**
 * Multi-head attention of tokens to others, the memory: `proj(softmax(q(x) k(m)^T / sqrt(dim / heads) + mask) v(m))`. With
 * `x` itself as the memory it is self-attention that is causal or not as each call wants.
 *
 * A token that a bool or int32 mask leaves no memory attends nothing: its result is that of `proj` of zeros.
 * Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.2.3; its arithmetic is that of `torch.nn.MultiheadAttention`
 * with `kdim` and `vdim`, its names those of Hugging Face's `query`, `key` and `value`.
 */
export class CrossAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly proj: Linear;
  readonly heads: number;
  readonly memoryDim: number;
  readonly attentionDropout: number;
  private readonly dropout: Dropout;

  /** @throws InvalidOptionError unless `heads` divides `dim`, and for options out of range */
  constructor(
    readonly dim: number,
    options: CrossAttentionOptions,
  ) {
    super();
    const where = 'CrossAttention';
    const {
      key,
      heads,
      memoryDim = dim,
      qkvBias = true,
      dropout = 0,
      attentionDropout = 0,
      ...init
    } = checkOptions(where, options, crossAttentionOptionNames);
    checkCount(where, { dim, memoryDim });
    if (!Number.isSafeInteger(heads) || heads < 1 || dim % heads !== 0)
      throw new InvalidOptionError(where, 'heads', `a divisor of dim (${dim})`, heads);
    checkRate(where, { attentionDropout });
    this.heads = heads;
    this.memoryDim = memoryDim;
    this.attentionDropout = attentionDropout;
    this.query = new Linear(dim, dim, { ...init, key: foldIn(key, 'query'), bias: qkvBias });
    this.key = new Linear(memoryDim, dim, { ...init, key: foldIn(key, 'key'), bias: qkvBias });
    this.value = new Linear(memoryDim, dim, { ...init, key: foldIn(key, 'value'), bias: qkvBias });
    this.proj = new Linear(dim, dim, { ...init, key: foldIn(key, 'proj') });
    this.dropout = new Dropout(dropout);
  }

  /**
   * @param x `[batch, queries, dim]`
   * @param memory `[batch, memory, memoryDim]`
   * @returns `[batch, queries, dim]`
   * @throws ShapeError when `x`, the memory or the mask has another shape; InvalidOptionError for another option
   */
  forward(
    x: tf.Tensor3D,
    memory: tf.Tensor3D,
    ctx: ForwardContext = evaluation,
    call: CrossAttentionCall = {},
  ): tf.Tensor3D {
    const where = 'CrossAttention.forward';
    const { mask, causal = false } = checkOptions(where, call, crossAttentionCallNames);
    checkTokens(where, 'x', x, [undefined, this.dim]);
    checkTokens(where, 'memory', memory, [x.shape[0], this.memoryDim]);
    const [batch, queries] = x.shape;
    const scores = [batch, this.heads, queries, memory.shape[1]] as const;
    const attended = scaledDotProductAttention(
      splitHeads(this.query.forward(x), this.heads),
      splitHeads(this.key.forward(memory), this.heads),
      splitHeads(this.value.forward(memory), this.heads),
      {
        causal,
        ...(mask === undefined ? {} : { mask: attentionMask(where, mask, scores) }),
        ...(ctx.training && this.attentionDropout > 0
          ? { dropout: { rate: this.attentionDropout, key: drawKey(childContext(ctx, 'attn_drop'), where) } }
          : {}),
      },
    );
    return this.dropout.forward(this.proj.forward(mergeHeads(attended)), childContext(ctx, 'proj_drop'));
  }
}

/** @throws ShapeError unless `x` is `[batch, tokens, dim]` */
function checkTokens(
  where: string,
  name: string,
  x: tf.Tensor3D,
  [batch, dim]: readonly [number | undefined, number],
): void {
  const shape: readonly number[] | undefined = (x as Partial<tf.Tensor> | undefined)?.shape;
  if (shape?.length === 3 && shape[2] === dim && (batch === undefined || shape[0] === batch)) return;
  throw new ShapeError(where, name, `[${batch ?? 'batch'}, tokens, ${dim}]`, `[${shape?.join(', ') ?? 'no tensor'}]`);
}
