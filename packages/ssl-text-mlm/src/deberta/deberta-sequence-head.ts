import { childContext, type ForwardContext, type Linear, Module } from '@selfsup/ssl-nn';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import type * as tf from '@tensorflow/tfjs-core';
import { bertDropout } from '../bert/bert-dropout.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import { activate } from './activate.js';
import type { DebertaConfig } from './deberta-config.js';

/** What DeBERTa's classifiers make of the first token, `act(W dropout(x) + b)`: transformers' `ContextPooler`. */
class ContextPooler extends Module {
  readonly dense: Linear;
  private readonly config: DebertaConfig;

  constructor(config: DebertaConfig, key: RandomKey) {
    super();
    this.config = config;
    this.dense = gaussianLinear(config.hiddenSize, config.hiddenSize, config, key);
  }

  forward(first: tf.Tensor2D, ctx: ForwardContext): tf.Tensor2D {
    const { poolerDropout, poolerHiddenAct } = this.config;
    return activate(this.dense.forward(bertDropout(first, poolerDropout, ctx)), poolerHiddenAct);
  }
}

/**
 * Pooler and classifier of transformers' `DebertaForSequenceClassification` and `DebertaV2ForSequenceClassification`.
 *
 * Microsoft's `StableDropout` is the same at evaluation, and while training drops with the probability and scale of dropout.
 */
export class DebertaSequenceHead extends Module {
  readonly pooler: ContextPooler;
  readonly classifier: Linear;
  private readonly dropout: number;

  constructor(
    { numLabels, dropout }: { readonly numLabels: number; readonly dropout: number },
    config: DebertaConfig,
    key: RandomKey,
  ) {
    super();
    this.dropout = dropout;
    this.pooler = new ContextPooler(config, foldIn(key, 'pooler'));
    this.classifier = gaussianLinear(config.hiddenSize, numLabels, config, foldIn(key, 'classifier'));
  }

  /** `[batch, hidden]` of the first tokens to `[batch, numLabels]`. */
  forward(first: tf.Tensor2D, ctx: ForwardContext): tf.Tensor2D {
    const pooled = this.pooler.forward(first, childContext(ctx, 'pooler'));
    return this.classifier.forward(bertDropout(pooled, this.dropout, childContext(ctx, 'classifier')));
  }
}
