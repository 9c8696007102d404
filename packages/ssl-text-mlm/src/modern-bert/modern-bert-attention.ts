import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  drawKey,
  Dropout,
  evaluation,
  mergeHeads,
  Module,
  rotateTokens,
  splitHeads,
  type ForwardContext,
  type Linear,
  type RotaryTables,
} from '@selfsup/ssl-nn';
import { scaledDotProductAttention, takeRows } from '@selfsup/ssl-tensor';
import { checkOptions, checkRandomKey, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { modernBertConfigNames, type ModernBertConfig } from './modern-bert-config.js';
import { modernBertLinear, outDeviation } from './modern-bert-parts.js';

/** What attention is told of where tokens stand. */
export interface ModernBertPlaces {
  /** Turns queries and keys. */
  readonly rotary: RotaryTables;
  /** Added to the scores, `[batch, 1, 1 or tokens, tokens]`: 0 = seen, very negative = not. */
  readonly mask?: tf.Tensor | undefined;
}

/** Self-attention with rotary positions; `Wqkv` makes queries, keys and values. Names of transformers' `ModernBertAttention`. */
export class ModernBertAttention extends Module {
  static override readonly fieldNames = { qkv: 'Wqkv', output: 'Wo' };
  readonly qkv: Linear;
  readonly output: Linear;
  private readonly config: ModernBertConfig;
  private readonly dropout: Dropout;

  constructor(config: ModernBertConfig, key: RandomKey) {
    super();
    checkOptions('ModernBertAttention', config, modernBertConfigNames, 'config');
    checkRandomKey('ModernBertAttention', 'key', key);
    const { hiddenSize: dim, attentionBias: bias, initializerRange, attentionDropout } = config;
    this.config = config;
    this.qkv = modernBertLinear(dim, 3 * dim, config, {
      key: foldIn(key, 'Wqkv'),
      bias,
      standardDeviation: initializerRange,
    });
    this.output = modernBertLinear(dim, dim, config, {
      key: foldIn(key, 'Wo'),
      bias,
      standardDeviation: outDeviation(config),
    });
    this.dropout = new Dropout(attentionDropout);
  }

  /**
   * @param x `[batch * tokens, hidden]`
   * @param rows int32 `[n]`: which rows of the output to compute. Default: all
   * @returns `[n, hidden]`; by default the shape of `x`
   */
  forward(
    x: tf.Tensor2D,
    batch: number,
    { rotary, mask }: ModernBertPlaces,
    ctx: ForwardContext = evaluation,
    rows?: tf.Tensor1D,
  ): tf.Tensor2D {
    const { attentionDropout: rate, hiddenSize } = this.config;
    const [q, k, v] = this.project(x, batch);
    const attended = scaledDotProductAttention(rotateTokens(q!, rotary), rotateTokens(k!, rotary), v!, {
      ...(mask === undefined ? {} : { mask }),
      ...(ctx.training && rate > 0
        ? { dropout: { rate, key: drawKey(childContext(ctx, 'weights'), 'ModernBertAttention.forward') } }
        : {}),
    });
    const flat = tf.reshape(mergeHeads(attended), [-1, hiddenSize]) as tf.Tensor2D;
    const chosen = rows === undefined ? flat : (takeRows(flat, rows) as tf.Tensor2D);
    return this.dropout.forward(this.output.forward(chosen), childContext(ctx, 'out_drop'));
  }

  /** Queries, keys and values `[batch, heads, tokens, width of a head]`: a product each, so that none has to be cut. */
  private project(x: tf.Tensor2D, batch: number): tf.Tensor4D[] {
    const { numAttentionHeads: heads, hiddenSize: dim } = this.config;
    const weights = tf.split(this.qkv.weight.variable as tf.Tensor as tf.Tensor2D, 3, 1);
    const biases = this.qkv.bias && tf.split(this.qkv.bias.variable as tf.Tensor as tf.Tensor1D, 3);
    return weights.map((weight, part) => {
      const product = tf.matMul(x, weight);
      const y = biases === undefined ? product : tf.add(product, biases[part]!);
      return splitHeads(tf.reshape(y, [batch, -1, dim]) as tf.Tensor3D, heads);
    });
  }
}
