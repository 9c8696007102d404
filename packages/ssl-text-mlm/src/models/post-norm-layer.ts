import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  evaluation,
  LayerNorm,
  Linear,
  Module,
  normal,
  zeros,
  type ForwardContext,
} from '@selfsup/ssl-nn';
import { gelu, scaledDotProductAttention, takeRows } from '@selfsup/ssl-tensor';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { bertDropout } from '../bert/bert-dropout.js';

/** Sizes and rates of a {@link PostNormLayer}. */
export interface PostNormLayerConfig {
  readonly hiddenSize: number;
  readonly numAttentionHeads: number;
  /** Width of the feed-forward layers. */
  readonly intermediateSize: number;
  /** Dropout after the feed-forward layers. */
  readonly hiddenDropout: number;
  /** Dropout after the attention. Default {@link hiddenDropout}; DistilBERT has none. */
  readonly attentionOutputDropout?: number;
  /** Dropout of attention weights. */
  readonly attentionDropout: number;
  readonly layerNormEps: number;
  /** Standard deviation of the Gaussian from which weights start. */
  readonly initializerRange: number;
}

/** A linear layer as the models of this family start it: Gaussian weights, zero bias. */
export function gaussianLinear(
  inFeatures: number,
  outFeatures: number,
  config: { readonly initializerRange: number },
  key: RandomKey,
): Linear {
  return new Linear(inFeatures, outFeatures, { key, weightInit: normal(config.initializerRange), biasInit: zeros });
}

/**
 * One encoder layer as BERT has it: self-attention and feed-forward, each with a residual and a normalisation after it.
 * Families differ in the names of the state alone, which subclasses give by `fieldNames`.
 *
 * `h = LN(x + A(x))`, `y = LN(h + W2 gelu(W1 h))`.
 *
 * Source: Devlin et al. 2018, arXiv:1810.04805.
 */
export abstract class PostNormLayer extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly attentionOutput: Linear;
  readonly attentionNorm: LayerNorm;
  readonly intermediate: Linear;
  readonly output: Linear;
  readonly outputNorm: LayerNorm;
  private readonly config: PostNormLayerConfig;

  protected constructor(config: PostNormLayerConfig, key: RandomKey) {
    super();
    this.config = config;
    const { hiddenSize: dim, intermediateSize, layerNormEps: epsilon } = config;
    const linear = (name: string, from: number, to: number): Linear =>
      gaussianLinear(from, to, config, foldIn(key, name));
    this.query = linear('query', dim, dim);
    this.key = linear('key', dim, dim);
    this.value = linear('value', dim, dim);
    this.attentionOutput = linear('attention-output', dim, dim);
    this.attentionNorm = new LayerNorm(dim, { epsilon });
    this.intermediate = linear('intermediate', dim, intermediateSize);
    this.output = linear('output', intermediateSize, dim);
    this.outputNorm = new LayerNorm(dim, { epsilon });
  }

  /**
   * @param x `[batch * tokens, hidden]`
   * @param mask added to the attention scores, `[batch, 1, 1, tokens]`: 0 = token, very negative = padding; or any shape that
   *   broadcasts to `[batch, heads, tokens, tokens]`
   * @param rows int32 `[n]`: which rows of the output to compute. Everything after the attention works row by row, so
   *   the others need not be. Default: all
   * @param between what happens between attention and feed-forward, such as a decoder's cross-attention. Default: nothing
   * @returns `[n, hidden]`; by default the shape of `x`
   */
  forward(
    x: tf.Tensor2D,
    batch: number,
    mask?: tf.Tensor,
    ctx: ForwardContext = evaluation,
    rows?: tf.Tensor1D,
    between: (x: tf.Tensor2D) => tf.Tensor2D = (h) => h,
  ): tf.Tensor2D {
    const { hiddenDropout, attentionOutputDropout = hiddenDropout } = this.config;
    const take = (all: tf.Tensor2D): tf.Tensor2D => (rows === undefined ? all : (takeRows(all, rows) as tf.Tensor2D));
    const attended = this.attentionOutput.forward(take(this.attend(x, batch, mask, ctx)));
    const dropped = bertDropout(attended, attentionOutputDropout, childContext(ctx, 'attention-output'));
    const h = between(this.attentionNorm.forward(tf.add(take(x), dropped) as tf.Tensor2D));
    const fed = this.output.forward(gelu(this.intermediate.forward(h)));
    return this.outputNorm.forward(
      tf.add(h, bertDropout(fed, hiddenDropout, childContext(ctx, 'output'))) as tf.Tensor2D,
    );
  }

  private attend(x: tf.Tensor2D, batch: number, mask: tf.Tensor | undefined, ctx: ForwardContext): tf.Tensor2D {
    const { numAttentionHeads: heads, hiddenSize: dim, attentionDropout } = this.config;
    const split = (layer: Linear): tf.Tensor4D =>
      tf.transpose(tf.reshape(layer.forward(x), [batch, -1, heads, dim / heads]), [0, 2, 1, 3]) as tf.Tensor4D;
    const [q, k, v] = [split(this.query), split(this.key), split(this.value)];
    let mixed: tf.Tensor4D;
    if (ctx.training && attentionDropout > 0) {
      const scores = tf.matMul(tf.mul(q, Math.sqrt(heads / dim)) as tf.Tensor4D, k, false, true);
      const weights = tf.softmax(mask === undefined ? scores : tf.add(scores, mask));
      mixed = tf.matMul(bertDropout(weights, attentionDropout, childContext(ctx, 'attention')), v) as tf.Tensor4D;
    } else {
      mixed = scaledDotProductAttention(q, k, v, mask === undefined ? {} : { mask });
    }
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, dim]) as tf.Tensor2D;
  }
}
