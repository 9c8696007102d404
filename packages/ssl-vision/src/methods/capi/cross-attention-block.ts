import * as tf from '@tensorflow/tfjs-core';
import { Linear, Mlp, Module, RmsNorm, xavierUniform, zeros } from '@selfsup/ssl-nn';
import { scaledDotProductAttention } from '@selfsup/ssl-tensor';
import { checkOptions, foldIn, InvalidOptionError, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';

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
 * A transformer block whose tokens look at a context and not at each other: `x + proj(attention(q(norm1(x)), k(c), v(c)))`,
 * then `x + mlp(norm2(x))`. No biases, root mean square norms.
 *
 * Source: Darcet et al. 2025 (CAPI, arXiv 2502.08769), section 3; `Block` of facebookresearch/capi with a context.
 */
export class CrossAttentionBlock extends Module {
  readonly norm1: RmsNorm;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly proj: Linear;
  readonly norm2: RmsNorm;
  readonly mlp: Mlp;
  private readonly heads: number;

  /** @throws InvalidOptionError unless `heads` divides the width */
  constructor(
    readonly dim: number,
    options: CrossAttentionBlockOptions,
  ) {
    super();
    const { key, heads, contextDim } = checkOptions('CrossAttentionBlock', options, crossAttentionBlockOptionNames);
    if (!(Number.isInteger(heads) && heads >= 1 && dim % heads === 0))
      throw new InvalidOptionError('CrossAttentionBlock', 'heads', `a divisor of dim ${dim}`, heads);
    this.heads = heads;
    const init = { bias: false, weightInit: xavierUniform(), biasInit: zeros };
    const linear = (from: number, name: string): Linear => new Linear(from, dim, { ...init, key: foldIn(key, name) });
    this.norm1 = new RmsNorm(dim, { epsilon: 1e-5 });
    this.query = linear(dim, 'query');
    this.key = linear(contextDim, 'key');
    this.value = linear(contextDim, 'value');
    this.proj = linear(dim, 'proj');
    this.norm2 = new RmsNorm(dim, { epsilon: 1e-5 });
    this.mlp = new Mlp(dim, 4 * dim, { ...init, key: foldIn(key, 'mlp') });
  }

  /**
   * @param x `[batch, tokens, dim]`
   * @param context `[batch, seen, contextDim]`
   * @returns `[batch, tokens, dim]`
   */
  forward(x: tf.Tensor3D, context: tf.Tensor3D): tf.Tensor3D {
    const [batch, tokens] = x.shape;
    const split = (y: tf.Tensor): tf.Tensor4D =>
      tf.transpose(tf.reshape(y, [batch, -1, this.heads, this.dim / this.heads]), [0, 2, 1, 3]) as tf.Tensor4D;
    const attended = scaledDotProductAttention(
      split(this.query.forward(this.norm1.forward(x))),
      split(this.key.forward(context)),
      split(this.value.forward(context)),
    );
    const merged = tf.reshape(tf.transpose(attended, [0, 2, 1, 3]), [batch, tokens, this.dim]) as tf.Tensor3D;
    const seen = tf.add(x, this.proj.forward(merged)) as tf.Tensor3D;
    return tf.add(seen, this.mlp.forward(this.norm2.forward(seen))) as tf.Tensor3D;
  }
}
