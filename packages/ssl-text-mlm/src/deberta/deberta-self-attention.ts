import * as tf from '@tensorflow/tfjs-core';
import { type ForwardContext, Linear, Module, normal, Parameter, zeros } from '@selfsup/ssl-nn';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { attendWithPositions, headsFirst } from './attend-with-positions.js';
import type { DebertaConfig } from './deberta-config.js';
import type { DebertaPass } from './deberta-pass.js';

/**
 * Disentangled self-attention of DeBERTa v1: one projection without bias for queries, keys and values, head by head, and
 * biases of queries and values alone.
 *
 * Source: He et al. 2020, arXiv:2006.03654; names of transformers' `DisentangledSelfAttention` of modeling_deberta.py.
 */
export class DebertaSelfAttention extends Module {
  static override readonly fieldNames = {
    inProj: 'in_proj',
    queryBias: 'q_bias',
    valueBias: 'v_bias',
    positionKey: 'pos_proj',
    positionQuery: 'pos_q_proj',
  };
  readonly inProj: Linear;
  readonly queryBias: Parameter;
  readonly valueBias: Parameter;
  /** Where there are scores of kind c2p. */
  readonly positionKey?: Linear;
  /** Where there are scores of kind p2c. */
  readonly positionQuery?: Linear;
  private readonly config: DebertaConfig;

  constructor(config: DebertaConfig, key: RandomKey) {
    super();
    this.config = config;
    const { hiddenSize: dim, initializerRange, relativeAttention, posAttType } = config;
    const linear = (name: string, out: number, bias: boolean): Linear =>
      new Linear(dim, out, { key: foldIn(key, name), bias, weightInit: normal(initializerRange), biasInit: zeros });
    this.inProj = linear('in-proj', 3 * dim, false);
    this.queryBias = new Parameter(zeros([dim], key));
    this.valueBias = new Parameter(zeros([dim], key));
    if (relativeAttention && posAttType.includes('c2p')) this.positionKey = linear('position-key', dim, false);
    if (relativeAttention && posAttType.includes('p2c')) this.positionQuery = linear('position-query', dim, true);
  }

  /**
   * @param x `[batch * tokens, hidden]`, of which keys and values are made
   * @param queries likewise, of which queries are made; default `x`
   * @returns `[batch * tokens, hidden]`
   */
  forward(x: tf.Tensor2D, pass: DebertaPass, ctx: ForwardContext, queries: tf.Tensor2D = x): tf.Tensor2D {
    const { numAttentionHeads: heads } = this.config;
    const split = (states: tf.Tensor2D): tf.Tensor[] =>
      tf.split(tf.reshape(this.inProj.forward(states), [-1, heads, (3 * this.config.hiddenSize) / heads]), 3, -1);
    const [ofX, ofQueries] = [split(x), queries === x ? undefined : split(queries)];
    const biased = (states: tf.Tensor, bias: Parameter): tf.Tensor =>
      tf.add(states, tf.reshape(bias.variable, [1, heads, -1]));
    return attendWithPositions(
      {
        queries: headsFirst(biased((ofQueries ?? ofX)[0]!, this.queryBias), heads, pass),
        keys: headsFirst(ofX[1]!, heads, pass),
        values: headsFirst(biased(ofX[2]!, this.valueBias), heads, pass),
      },
      { keys: this.positionKey, queries: this.positionQuery },
      this.config,
      pass,
      ctx,
    );
  }
}
