import * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, type LayerNorm, Module, type ForwardContext } from '@selfsup/ssl-nn';
import { takeRows } from '@selfsup/ssl-tensor';
import { checkInteger, checkOptions, checkRandomKey, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { ModernBertAttention, type ModernBertPlaces } from './modern-bert-attention.js';
import { modernBertConfigNames, type ModernBertConfig } from './modern-bert-config.js';
import { ModernBertMlp } from './modern-bert-mlp.js';
import { modernBertNorm } from './modern-bert-parts.js';

/**
 * One encoder layer, normalised before its parts: `h = x + A(LN(x))`, `y = h + MLP(LN(h))`. The first layer's attention has
 * no norm of its own, since the embeddings come normalised.
 *
 * Source: Warner et al. 2024, arXiv:2412.13663; names and arithmetic of transformers' `ModernBertEncoderLayer`.
 */
export class ModernBertLayer extends Module {
  static override readonly fieldNames = { attentionNorm: 'attn_norm', attention: 'attn', mlpNorm: 'mlp_norm' };
  readonly attentionNorm?: LayerNorm;
  readonly attention: ModernBertAttention;
  readonly mlpNorm: LayerNorm;
  readonly mlp: ModernBertMlp;

  /** @param index of the layer, from 0 */
  constructor(config: ModernBertConfig, index: number, key: RandomKey) {
    super();
    checkOptions('ModernBertLayer', config, modernBertConfigNames, 'config');
    checkInteger('ModernBertLayer', 'index', index, 0, config.numHiddenLayers - 1);
    checkRandomKey('ModernBertLayer', 'key', key);
    if (index > 0) this.attentionNorm = modernBertNorm(config);
    this.attention = new ModernBertAttention(config, foldIn(key, 'attn'));
    this.mlpNorm = modernBertNorm(config);
    this.mlp = new ModernBertMlp(config, foldIn(key, 'mlp'));
  }

  /**
   * @param x `[batch * tokens, hidden]`
   * @param rows int32 `[n]`: which rows of the output to compute; all are attended to. Default: all
   * @returns `[n, hidden]`; by default the shape of `x`
   */
  forward(
    x: tf.Tensor2D,
    batch: number,
    places: ModernBertPlaces,
    ctx: ForwardContext = evaluation,
    rows?: tf.Tensor1D,
  ): tf.Tensor2D {
    const source = this.attentionNorm?.forward(x) ?? x;
    const attended = this.attention.forward(source, batch, places, childContext(ctx, 'attn'), rows);
    const h = tf.add(rows === undefined ? x : takeRows(x, rows), attended) as tf.Tensor2D;
    return tf.add(h, this.mlp.forward(this.mlpNorm.forward(h), childContext(ctx, 'mlp')));
  }
}
