import * as tf from '@tensorflow/tfjs-core';
import { childContext, Dropout, evaluation, Module, type ForwardContext, type Linear } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import { checkOptions, checkRandomKey, foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { modernBertConfigNames, type ModernBertConfig } from './modern-bert-config.js';
import { modernBertLinear, outDeviation } from './modern-bert-parts.js';

/**
 * Gated feed-forward part, GeGLU: `Wo(gelu(value) * gate)` with `[value, gate] = Wi(x)`.
 *
 * Source: Shazeer 2020, arXiv:2002.05202, equation 6; names and order of transformers' `ModernBertMLP`.
 */
export class ModernBertMlp extends Module {
  static override readonly fieldNames = { input: 'Wi', output: 'Wo' };
  readonly input: Linear;
  readonly output: Linear;
  private readonly dropout: Dropout;

  constructor(config: ModernBertConfig, key: RandomKey) {
    super();
    checkOptions('ModernBertMlp', config, modernBertConfigNames, 'config');
    checkRandomKey('ModernBertMlp', 'key', key);
    const { hiddenSize, intermediateSize, mlpBias: bias, initializerRange, mlpDropout } = config;
    this.input = modernBertLinear(hiddenSize, 2 * intermediateSize, config, {
      key: foldIn(key, 'Wi'),
      bias,
      standardDeviation: initializerRange,
    });
    this.output = modernBertLinear(intermediateSize, hiddenSize, config, {
      key: foldIn(key, 'Wo'),
      bias,
      standardDeviation: outDeviation(config),
    });
    this.dropout = new Dropout(mlpDropout);
  }

  /** @param x `[n, hidden]`; the result has its shape */
  forward(x: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const [value, gate] = tf.split(this.input.forward(x), 2, -1) as [tf.Tensor2D, tf.Tensor2D];
    return this.output.forward(this.dropout.forward(tf.mul(gelu(value), gate), childContext(ctx, 'drop')));
  }
}
