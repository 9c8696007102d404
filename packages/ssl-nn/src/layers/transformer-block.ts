import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { Initialiser } from '../init/initialiser.js';
import { childContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { firstTokens } from './attention-heads.js';
import { DropPath } from './drop-path.js';
import { LayerNorm } from './layer-norm.js';
import { Mlp } from './mlp.js';
import { MultiHeadAttention } from './multi-head-attention.js';

/** Options of {@link TransformerBlock}. */
export interface TransformerBlockOptions {
  readonly key: RandomKey;
  readonly heads: number;
  /** Width of the hidden layer over that of the block. Default 4. */
  readonly mlpRatio?: number;
  /** Default true. */
  readonly qkvBias?: boolean;
  /** After the projections; default 0. */
  readonly dropout?: number;
  /** Probability that a sample skips a branch; default 0. */
  readonly dropPath?: number;
  /** Epsilon of the layer norms; default 1e-6. */
  readonly epsilon?: number;
  /** Of the linear layers; default PyTorch's. */
  readonly weightInit?: Initialiser;
  /** Of the linear layers; default PyTorch's. */
  readonly biasInit?: Initialiser;
}

const transformerBlockOptionNames: OptionNames<TransformerBlockOptions> = {
  key: 'requiredKey',
  heads: 'requiredNumber',
  mlpRatio: 'optionalNumber',
  qkvBias: 'optionalFlag',
  dropout: 'optionalNumber',
  dropPath: 'optionalNumber',
  epsilon: 'optionalNumber',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

/**
 * Pre-norm transformer block: `x + attn(norm1(x))`, then `x + mlp(norm2(x))`.
 *
 * Source: Dosovitskiy et al. 2021, arXiv 2010.11929, equations 2 and 3; names of `timm`'s ViT `Block`.
 */
export class TransformerBlock extends Module {
  readonly norm1: LayerNorm;
  readonly attn: MultiHeadAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;
  private readonly dropPath: DropPath;

  constructor(dim: number, options: TransformerBlockOptions) {
    super();
    const {
      key,
      heads,
      mlpRatio = 4,
      qkvBias = true,
      dropout = 0,
      dropPath = 0,
      epsilon = 1e-6,
      ...init
    } = checkOptions('TransformerBlock', options, transformerBlockOptionNames);
    this.norm1 = new LayerNorm(dim, { epsilon });
    this.attn = new MultiHeadAttention(dim, { ...init, key: foldIn(key, 'attn'), heads, qkvBias, dropout });
    this.norm2 = new LayerNorm(dim, { epsilon });
    this.mlp = new Mlp(dim, Math.trunc(dim * mlpRatio), { ...init, key: foldIn(key, 'mlp'), dropout });
    this.dropPath = new DropPath(dropPath);
  }

  /**
   * @param x `[batch, tokens, dim]`
   * @param mask which keys may be attended to; see {@link additiveMask}
   * @param outputs number of tokens, from the first on, to compute; all are attended to. A last block of which only the
   *   class token is read needs 1, and then costs a sixth. Default: all
   * @returns `[batch, outputs, dim]`
   */
  forward(x: tf.Tensor3D, ctx: ForwardContext = evaluation, mask?: tf.Tensor, outputs = x.shape[1]): tf.Tensor3D {
    const attended = this.attn.forward(this.norm1.forward(x), childContext(ctx, 'attn'), mask, outputs);
    const middle = tf.add(firstTokens(x, outputs), this.dropPath.forward(attended, childContext(ctx, 'drop_path1')));
    const widened = this.mlp.forward(this.norm2.forward(middle), childContext(ctx, 'mlp'));
    return tf.add(middle, this.dropPath.forward(widened, childContext(ctx, 'drop_path2')));
  }
}
