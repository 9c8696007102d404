import * as tf from '@tensorflow/tfjs-core';
import {
  Buffer,
  childContext,
  DropPath,
  evaluation,
  LayerNorm,
  Mlp,
  Module,
  MultiHeadAttention,
  ones,
  torchWeight,
  zeros,
} from '@selfsup/ssl-nn';
import type { ForwardContext, Initialiser, StateEntries } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** {@link MultiHeadAttention} under MONAI's names. */
class MonaiAttention extends MultiHeadAttention {
  static override readonly fieldNames = { ...MultiHeadAttention.fieldNames, proj: 'out_proj' };
}

/** {@link Mlp} under MONAI's names. */
class MonaiMlp extends Mlp {
  static override readonly fieldNames = { fc1: 'linear1', fc2: 'linear2' };
}

/** A norm that MONAI's blocks have for attention to something else, which they do not have by themselves: it is saved. */
class UnusedNorm extends Module {
  readonly weight: Buffer;
  readonly bias: Buffer;

  constructor(dim: number) {
    super();
    this.weight = new Buffer(ones([dim], [0, 0]));
    this.bias = new Buffer(zeros([dim], [0, 0]));
  }
}

/** Options of {@link Block3d}. */
export interface Block3dOptions {
  readonly key: RandomKey;
  readonly heads: number;
  /** Width of the hidden layer. */
  readonly mlpHidden: number;
  readonly qkvBias: boolean;
  /** Probability that a sample skips a branch. Default 0. */
  readonly dropPath?: number;
  /** Of the linear layers. Default PyTorch's. */
  readonly weightInit?: Initialiser;
  /** Of the linear layers. Default PyTorch's. */
  readonly biasInit?: Initialiser;
}

const block3dOptionNames: OptionNames<Block3dOptions> = {
  key: 'requiredKey',
  heads: 'requiredNumber',
  mlpHidden: 'requiredNumber',
  qkvBias: 'requiredFlag',
  dropPath: 'optionalNumber',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

/**
 * Pre-norm block of a vision transformer of volumes: `x + attn(norm1(x))`, then `x + mlp(norm2(x))`, with MONAI's names and
 * epsilon 1e-5.
 *
 * Source: `monai/networks/blocks/transformerblock.py`. Of its files `norm_cross_attn` is kept and not used, as there; files
 * of before MONAI 1.6, which have a `cross_attn` that is not used either, load without it.
 */
export class Block3d extends Module {
  static override readonly fieldNames = { normCrossAttn: 'norm_cross_attn' };
  readonly norm1: LayerNorm;
  readonly attn: MultiHeadAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;
  readonly normCrossAttn: Module;
  private readonly dropPath: DropPath;

  constructor(dim: number, options: Block3dOptions) {
    super();
    const {
      key,
      heads,
      mlpHidden,
      qkvBias,
      dropPath = 0,
      weightInit = torchWeight,
      ...init
    } = checkOptions('Block3d', options, block3dOptionNames);
    const linear = { ...init, weightInit };
    this.norm1 = new LayerNorm(dim, { epsilon: 1e-5 });
    this.attn = new MonaiAttention(dim, { ...linear, key: foldIn(key, 'attn'), heads, qkvBias });
    this.norm2 = new LayerNorm(dim, { epsilon: 1e-5 });
    this.mlp = new MonaiMlp(dim, mlpHidden, { ...linear, key: foldIn(key, 'mlp') });
    this.normCrossAttn = new UnusedNorm(dim);
    this.dropPath = new DropPath(dropPath);
  }

  /**
   * @param x `[batch, tokens, dim]`
   * @param outputs number of tokens, from the first on, to compute; all are attended to. Default: all
   * @returns `[batch, outputs, dim]`
   */
  forward(x: tf.Tensor3D, ctx: ForwardContext = evaluation, outputs = x.shape[1]): tf.Tensor3D {
    const [batch, tokens, dim] = x.shape;
    const drop = (branch: tf.Tensor3D, name: string): tf.Tensor3D =>
      this.dropPath.forward(branch, childContext(ctx, name));
    const attended = this.attn.forward(this.norm1.forward(x), childContext(ctx, 'attn'), undefined, outputs);
    const first = outputs === tokens ? x : tf.slice(x, [0, 0, 0], [batch, outputs, dim]);
    const middle = tf.add(first, drop(attended, 'drop_path1')) as tf.Tensor3D;
    const widened = this.mlp.forward(this.norm2.forward(middle), childContext(ctx, 'mlp'));
    return tf.add(middle, drop(widened, 'drop_path2'));
  }

  protected override upgradeStateDict(state: StateEntries): void {
    for (const name of state.names())
      if (name.startsWith('cross_attn.')) state.ignore(name, 'attends to nothing in an encoder of volumes alone');
  }
}
