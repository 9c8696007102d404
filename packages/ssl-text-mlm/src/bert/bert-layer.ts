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
  type StateEntries,
} from '@selfsup/ssl-nn';
import { gelu, scaledDotProductAttention, takeRows } from '@selfsup/ssl-tensor';
import { checkOptions, checkRandomKey, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { bertConfigNames, type BertConfig } from './bert-config.js';
import { bertDropout } from './bert-dropout.js';
import { readTensorFlowNorms } from './other-bert-names.js';

/** A linear layer as BERT starts it: Gaussian weights, zero bias. */
export function bertLinear(inFeatures: number, outFeatures: number, config: BertConfig, key: RandomKey): Linear {
  return new Linear(inFeatures, outFeatures, { key, weightInit: normal(config.initializerRange), biasInit: zeros });
}

/**
 * One encoder layer: self-attention and feed-forward, each with a residual and a normalisation after it.
 *
 * `h = LN(x + A(x))`, `y = LN(h + W2 gelu(W1 h))`.
 *
 * Source: arXiv:1810.04805; names and arithmetic of Hugging Face's `BertLayer`.
 */
export class BertLayer extends Module {
  static override readonly fieldNames = {
    query: 'attention.self.query',
    key: 'attention.self.key',
    value: 'attention.self.value',
    attentionOutput: 'attention.output.dense',
    attentionNorm: 'attention.output.LayerNorm',
    intermediate: 'intermediate.dense',
    output: 'output.dense',
    outputNorm: 'output.LayerNorm',
  };
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly attentionOutput: Linear;
  readonly attentionNorm: LayerNorm;
  readonly intermediate: Linear;
  readonly output: Linear;
  readonly outputNorm: LayerNorm;
  private readonly config: BertConfig;

  constructor(config: BertConfig, key: RandomKey) {
    super();
    checkOptions('BertLayer', config, bertConfigNames, 'config');
    checkRandomKey('BertLayer', 'key', key);
    this.config = config;
    const { hiddenSize: dim, intermediateSize, layerNormEps: epsilon } = config;
    const linear = (name: string, from: number, to: number): Linear => bertLinear(from, to, config, foldIn(key, name));
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
    const { hiddenDropout } = this.config;
    const take = (all: tf.Tensor2D): tf.Tensor2D => (rows === undefined ? all : (takeRows(all, rows) as tf.Tensor2D));
    const attended = this.attentionOutput.forward(take(this.attend(x, batch, mask, ctx)));
    const h = between(
      this.attentionNorm.forward(
        tf.add(take(x), bertDropout(attended, hiddenDropout, childContext(ctx, 'attention-output'))) as tf.Tensor2D,
      ),
    );
    const fed = this.output.forward(gelu(this.intermediate.forward(h)));
    return this.outputNorm.forward(
      tf.add(h, bertDropout(fed, hiddenDropout, childContext(ctx, 'output'))) as tf.Tensor2D,
    );
  }

  /** Reads the names of TensorFlow too. */
  protected override upgradeStateDict(state: StateEntries): void {
    readTensorFlowNorms(state);
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
