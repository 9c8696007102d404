import type * as tf from '@tensorflow/tfjs-core';
import { childContext, type ForwardContext, Linear, Module, normal, zeros } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor/host';
import { bertDropout } from '../bert/bert-dropout.js';
import { activate } from './activate.js';
import type { DebertaConfig } from './deberta-config.js';

/**
 * What DeBERTa's classifiers make of the first token: `act(W dropout(x) + b)`.
 *
 * Source: transformers' `ContextPooler`. Microsoft's `StableDropout` is the same at evaluation, and while training drops with
 * the same probability and scale as dropout does.
 */
export class ContextPooler extends Module {
  readonly dense: Linear;
  private readonly config: DebertaConfig;

  constructor(config: DebertaConfig, key: RandomKey) {
    super();
    this.config = config;
    const { hiddenSize, initializerRange } = config;
    this.dense = new Linear(hiddenSize, hiddenSize, { key, weightInit: normal(initializerRange), biasInit: zeros });
  }

  /** @param first the first token of each sequence, `[batch, hidden]`, as the result */
  forward(first: tf.Tensor2D, ctx: ForwardContext): tf.Tensor2D {
    const { poolerDropout, poolerHiddenAct } = this.config;
    const dropped = bertDropout(first, poolerDropout, childContext(ctx, 'dropout'));
    return activate(this.dense.forward(dropped), poolerHiddenAct);
  }
}
