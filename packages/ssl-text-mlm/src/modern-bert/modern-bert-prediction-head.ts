import type * as tf from '@tensorflow/tfjs-core';
import { type LayerNorm, type Linear, Module } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import { checkOptions, checkRandomKey, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { modernBertConfigNames, type ModernBertConfig } from './modern-bert-config.js';
import { modernBertLinear, modernBertNorm, outDeviation } from './modern-bert-parts.js';

/** What stands between the encoder and a decoder or classifier: `LN(gelu(dense(x)))`. Names of `ModernBertPredictionHead`. */
export class ModernBertPredictionHead extends Module {
  readonly dense: Linear;
  readonly norm: LayerNorm;

  constructor(config: ModernBertConfig, key: RandomKey) {
    super();
    checkOptions('ModernBertPredictionHead', config, modernBertConfigNames, 'config');
    checkRandomKey('ModernBertPredictionHead', 'key', key);
    const { hiddenSize, classifierBias: bias } = config;
    this.dense = modernBertLinear(hiddenSize, hiddenSize, config, {
      key: foldIn(key, 'dense'),
      bias,
      standardDeviation: outDeviation(config),
    });
    this.norm = modernBertNorm(config);
  }

  /** @param x `[n, hidden]`; the result has its shape */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.norm.forward(gelu(this.dense.forward(x)));
  }
}
