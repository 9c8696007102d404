import type * as tf from '@tensorflow/tfjs-core';
import { type ForwardContext, type Linear, Module } from '@selfsup/ssl-nn';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { gaussianLinear } from '../models/post-norm-layer.js';
import { attendWithPositions, headsFirst } from './attend-with-positions.js';
import type { DebertaPass } from './deberta-pass.js';
import type { DebertaV2Config } from './deberta-v2-config.js';

/**
 * Disentangled self-attention of DeBERTa v2 and v3, where relative positions may be projected by the weights of queries and
 * keys.
 *
 * Source: He et al. 2021, arXiv:2111.09543; names of transformers' `DisentangledSelfAttention` of modeling_deberta_v2.py.
 */
export class DebertaV2SelfAttention extends Module {
  static override readonly fieldNames = {
    query: 'query_proj',
    key: 'key_proj',
    value: 'value_proj',
    positionKey: 'pos_key_proj',
    positionQuery: 'pos_query_proj',
  };
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  /** Where there are scores of kind c2p, and no shared weights. */
  readonly positionKey?: Linear;
  /** Where there are scores of kind p2c, and no shared weights. */
  readonly positionQuery?: Linear;
  private readonly config: DebertaV2Config;

  constructor(config: DebertaV2Config, key: RandomKey) {
    super();
    this.config = config;
    const { hiddenSize: dim, relativeAttention, posAttType, shareAttKey } = config;
    const linear = (name: string): Linear => gaussianLinear(dim, dim, config, foldIn(key, name));
    this.query = linear('query');
    this.key = linear('key');
    this.value = linear('value');
    if (!relativeAttention || shareAttKey) return;
    if (posAttType.includes('c2p')) this.positionKey = linear('position-key');
    if (posAttType.includes('p2c')) this.positionQuery = linear('position-query');
  }

  /**
   * @param x `[batch * tokens, hidden]`, of which keys and values are made
   * @param queries likewise, of which queries are made; default `x`
   * @returns `[batch * tokens, hidden]`
   */
  forward(x: tf.Tensor2D, pass: DebertaPass, ctx: ForwardContext, queries: tf.Tensor2D = x): tf.Tensor2D {
    const { numAttentionHeads: heads, posAttType, shareAttKey } = this.config;
    const split = (layer: Linear, states: tf.Tensor2D): tf.Tensor4D => headsFirst(layer.forward(states), heads, pass);
    const shared = (kind: 'c2p' | 'p2c', layer: Linear): Linear | undefined =>
      shareAttKey && posAttType.includes(kind) ? layer : undefined;
    return attendWithPositions(
      { queries: split(this.query, queries), keys: split(this.key, x), values: split(this.value, x) },
      { keys: this.positionKey ?? shared('c2p', this.key), queries: this.positionQuery ?? shared('p2c', this.query) },
      this.config,
      pass,
      ctx,
    );
  }
}
