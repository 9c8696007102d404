import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { Initialiser } from '../init/initialiser.js';
import { childContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { firstTokens } from './attention-heads.js';
import type { AttentionPositions } from './attention-scores.js';
import { checkChoice } from './check-choice.js';
import { DropPath } from './drop-path.js';
import type { LayerNorm } from './layer-norm.js';
import { LayerScale } from './layer-scale.js';
import { Mlp } from './mlp.js';
import { MultiHeadAttention } from './multi-head-attention.js';
import { createNorm, type NormKind } from './normalisation.js';
import type { RelativePositionBiasOptions } from './relative-position-bias.js';
import type { RmsNorm } from './rms-norm.js';
import { SwiGlu } from './swi-glu.js';

/** Options of {@link TransformerBlock}. */
export interface TransformerBlockOptions {
  readonly key: RandomKey;
  readonly heads: number;
  /** Width of the hidden layer over that of the block. Default 4. */
  readonly mlpRatio?: number;
  /** Width of the hidden layer itself, where no ratio gives it. Default `trunc(dim * mlpRatio)`. */
  readonly mlpHidden?: number;
  /** Feed-forward part: {@link Mlp}, or {@link SwiGlu} with timm's names or packed with DINOv2's. Default `gelu`. */
  readonly mlp?: 'gelu' | 'swiglu' | 'swiglu-packed';
  /** Default true. */
  readonly qkvBias?: boolean;
  /** After the projections; default 0. */
  readonly dropout?: number;
  /** Probability that a sample skips a branch; default 0. */
  readonly dropPath?: number;
  /** Factor of each feature of a branch at the start ({@link LayerScale}); DINOv2 takes 1e-5. Default: no factors. */
  readonly layerScale?: number;
  /** Default `layer`. */
  readonly norm?: NormKind;
  /** Normalise a branch's input (`pre`), or the sum after it (`post`, as Vaswani et al. and BERT). Default `pre`. */
  readonly normPlacement?: 'pre' | 'post';
  /** Epsilon of the norms; default 1e-6. */
  readonly epsilon?: number;
  /** A token attends itself and those before it only. Default false. */
  readonly causal?: boolean;
  /** Norm of each head's queries and keys. Default none. */
  readonly qkNorm?: NormKind;
  /** A trainable bias by offset in a window, one for each block. Default none. */
  readonly relativePositions?: Omit<RelativePositionBiasOptions, 'key'>;
  /** Of the linear layers; default PyTorch's. */
  readonly weightInit?: Initialiser;
  /** Of the linear layers; default PyTorch's. */
  readonly biasInit?: Initialiser;
}

const transformerBlockOptionNames: OptionNames<TransformerBlockOptions> = {
  key: 'requiredKey',
  heads: 'requiredNumber',
  mlpRatio: 'optionalNumber',
  mlpHidden: 'optionalNumber',
  mlp: 'optional',
  qkvBias: 'optionalFlag',
  dropout: 'optionalNumber',
  dropPath: 'optionalNumber',
  layerScale: 'optionalNumber',
  norm: 'optional',
  normPlacement: 'optional',
  epsilon: 'optionalNumber',
  causal: 'optionalFlag',
  qkNorm: 'optional',
  relativePositions: 'optional',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

/**
 * Transformer block: `x + ls1(attn(norm1(x)))`, then `x + ls2(mlp(norm2(x)))`; with the norm after the sum
 * `norm1(x + ls1(attn(x)))`, then `norm2(x + ls2(mlp(x)))`.
 *
 * Source: Dosovitskiy et al. 2021, arXiv 2010.11929, equations 2 and 3 (`pre`); Vaswani et al. 2017, arXiv 1706.03762,
 * section 3.1 (`post`); names of `timm`'s ViT `Block`.
 */
export class TransformerBlock extends Module {
  readonly norm1: LayerNorm | RmsNorm;
  readonly attn: MultiHeadAttention;
  readonly ls1?: LayerScale;
  readonly norm2: LayerNorm | RmsNorm;
  readonly mlp: Mlp | SwiGlu;
  readonly ls2?: LayerScale;
  readonly normPlacement: 'pre' | 'post';
  private readonly dropPath: DropPath;

  constructor(dim: number, options: TransformerBlockOptions) {
    super();
    const {
      key,
      heads,
      mlpRatio = 4,
      mlpHidden = Math.trunc(dim * mlpRatio),
      mlp = 'gelu',
      qkvBias = true,
      dropout = 0,
      dropPath = 0,
      layerScale,
      norm = 'layer',
      normPlacement = 'pre',
      epsilon = 1e-6,
      causal = false,
      qkNorm,
      relativePositions,
      ...init
    } = checkOptions('TransformerBlock', options, transformerBlockOptionNames);
    checkChoice('TransformerBlock', 'mlp', ['gelu', 'swiglu', 'swiglu-packed'], mlp);
    checkChoice('TransformerBlock', 'normPlacement', ['pre', 'post'], normPlacement);
    this.normPlacement = normPlacement;
    this.norm1 = createNorm('TransformerBlock', 'norm', norm, dim, epsilon);
    this.attn = new MultiHeadAttention(dim, {
      ...init,
      key: foldIn(key, 'attn'),
      heads,
      qkvBias,
      dropout,
      causal,
      epsilon,
      ...(qkNorm === undefined ? {} : { qkNorm }),
      ...(relativePositions === undefined ? {} : { relativePositions }),
    });
    this.norm2 = createNorm('TransformerBlock', 'norm', norm, dim, epsilon);
    const inner = { ...init, key: foldIn(key, 'mlp'), dropout };
    this.mlp =
      mlp === 'gelu'
        ? new Mlp(dim, mlpHidden, inner)
        : new SwiGlu(dim, mlpHidden, { ...inner, packed: mlp === 'swiglu-packed' });
    if (layerScale !== undefined) {
      this.ls1 = new LayerScale(dim, layerScale);
      this.ls2 = new LayerScale(dim, layerScale);
    }
    this.dropPath = new DropPath(dropPath);
  }

  /**
   * @param x `[batch, tokens, dim]`
   * @param mask which keys may be attended to; see {@link MultiHeadAttention.forward}
   * @param outputs number of tokens, from the first on, to compute; all are attended to. A last block of which only the
   *   class token is read needs 1, and then costs a sixth. Default: all
   * @param positions a bias of the scores, and rotary tables
   * @returns `[batch, outputs, dim]`
   */
  forward(
    x: tf.Tensor3D,
    ctx: ForwardContext = evaluation,
    mask?: tf.Tensor,
    outputs = x.shape[1],
    positions: AttentionPositions = {},
  ): tf.Tensor3D {
    const post = this.normPlacement === 'post';
    const source = post ? x : this.norm1.forward(x);
    const attended = this.attn.forward(source, childContext(ctx, 'attn'), mask, outputs, positions);
    const sum = this.add(firstTokens(x, outputs), attended, this.ls1, childContext(ctx, 'drop_path1'));
    const middle = post ? this.norm1.forward(sum) : sum;
    const widened = this.mlp.forward(post ? middle : this.norm2.forward(middle), childContext(ctx, 'mlp'));
    const result = this.add(middle, widened, this.ls2, childContext(ctx, 'drop_path2'));
    return post ? this.norm2.forward(result) : result;
  }

  private add(x: tf.Tensor3D, branch: tf.Tensor3D, scale: LayerScale | undefined, ctx: ForwardContext): tf.Tensor3D {
    return tf.add(x, this.dropPath.forward(scale?.forward(branch) ?? branch, ctx));
  }
}
